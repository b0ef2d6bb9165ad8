package io.gonext.host;

import java.time.Duration;
import java.util.Optional;

/**
 * One hook, route or job of a plugin: its calls on this host since the plugin was installed or the
 * host was opened.
 *
 * @param calls that ended, failed ones included
 * @param failures that did not end as OK, those that its breaker refused included
 * @param callsPerSecond in the last seconds
 * @param times of the calls of the last one to two minutes; empty where there were none
 * @param breaker of its circuit breaker; a job has none, and is always closed
 */
public record HandlerActivity(
    NotedCall.Handler handler,
    long calls,
    long failures,
    double callsPerSecond,
    Optional<CallTimes> times,
    BreakerState breaker) {

  /**
   * How long calls took, waiting for an instance included, accurate to about 6 %.
   *
   * @param p50 half of the calls took at most this long
   * @param p99 99 % of the calls took at most this long
   */
  public record CallTimes(Duration p50, Duration p99, Duration longest) {}

  /** The state of a circuit breaker, from good to bad. */
  public enum BreakerState {
    CLOSED,
    HALF_OPEN,
    OPEN
  }
}
