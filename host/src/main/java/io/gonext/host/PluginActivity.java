package io.gonext.host;

import io.gonext.pool.PoolStats;
import java.util.List;
import java.util.Optional;

/**
 * A plugin in service, as it is now on this host.
 *
 * @param version that serves
 * @param calls of all handlers that the version has
 * @param failures of all handlers that the version has
 * @param callsPerSecond in the last seconds
 * @param times of the calls of the last one to two minutes; empty where there were none
 * @param breaker the worst state of its breakers
 * @param pool the numbers of its instances for hooks and routes
 * @param handlers hooks first, then routes, then jobs, in the order of the manifest
 * @param leftOut how many slow, late or failed calls were not recorded, because there were too many
 */
public record PluginActivity(
    String plugin,
    String version,
    long calls,
    long failures,
    double callsPerSecond,
    Optional<HandlerActivity.CallTimes> times,
    HandlerActivity.BreakerState breaker,
    PoolStats pool,
    List<HandlerActivity> handlers,
    long leftOut) {
  public PluginActivity {
    handlers = List.copyOf(handlers);
  }
}
