package io.gonext.host.lifecycle;

import io.gonext.host.route.RouteRate;
import io.gonext.pool.Ticker;

/**
 * What keeps plugins from being called too often.
 *
 * @param routeRate how many requests the routes of each plugin take
 * @param ticker the time of rates and circuit breakers
 */
public record CallGuards(RouteRate routeRate, Ticker ticker) {}
