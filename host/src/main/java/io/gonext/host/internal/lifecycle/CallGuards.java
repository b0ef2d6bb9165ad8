package io.gonext.host.internal.lifecycle;

import io.gonext.host.BreakerPolicy;
import io.gonext.host.RouteRate;
import java.util.function.LongSupplier;

/**
 * What keeps plugins from being called too often.
 *
 * @param routeRate how many requests the routes of each plugin take
 * @param clientRate how many of them one client has
 * @param breaker when a hook or route that fails is not called
 * @param nanoTime the time of rates and circuit breakers, and of the turns of hooks
 */
public record CallGuards(
    RouteRate routeRate, RouteRate clientRate, BreakerPolicy breaker, LongSupplier nanoTime) {
  /** A copy with these rates. */
  CallGuards withRates(RouteRate newRouteRate, RouteRate newClientRate) {
    return new CallGuards(newRouteRate, newClientRate, breaker, nanoTime);
  }
}
