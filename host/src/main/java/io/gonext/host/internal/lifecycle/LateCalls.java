package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CallTimes;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The calls of one version of a plugin that succeeded, but after its soft limit: a warning before
 * calls fail at the hard limit. All are counted, and one each minute is logged.
 *
 * <p>Thread-safe.
 */
final class LateCalls {
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final Logger log;
  private final String plugin;
  private final Duration softLimit;
  private final Counter counter;
  private final LongSupplier nanoTime;

  /** Whether {@link #loggedAt} is set. Guarded by this, as are the other two. */
  private boolean logged;

  private long loggedAt;
  private long leftOut;

  /**
   * @param plugin name and version, for the log
   * @param softLimit of the time in one call of the guest; waiting for an instance does not count
   */
  LateCalls(String plugin, Duration softLimit, Counter counter, LongSupplier nanoTime) {
    this(LoggerFactory.getLogger(LateCalls.class), plugin, softLimit, counter, nanoTime);
  }

  LateCalls(Logger log, String plugin, Duration softLimit, Counter counter, LongSupplier nanoTime) {
    this.log = log;
    this.plugin = plugin;
    this.softLimit = softLimit;
    this.counter = counter;
    this.nanoTime = nanoTime;
  }

  Duration softLimit() {
    return softLimit;
  }

  void happened(String hook, CallTimes times) {
    counter.increment();
    long before;
    synchronized (this) {
      long now = nanoTime.getAsLong();
      if (logged && now - loggedAt < MINUTE_NANOS) {
        leftOut++;
        return;
      }
      logged = true;
      loggedAt = now;
      before = leftOut;
      leftOut = 0;
    }
    log.warn(
        "{} was late in {}: {} ms in the guest and {} ms in host functions, where {} ms are"
            + " expected at most; {} late calls before it were not logged",
        plugin,
        hook,
        times.guestNanos() / 1_000_000,
        times.hostNanos() / 1_000_000,
        softLimit.toMillis(),
        before);
  }
}
