package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CallTimes;
import io.gonext.host.internal.log.OncePerMinute;
import io.micrometer.core.instrument.Counter;
import java.time.Duration;
import java.util.OptionalLong;
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
  private final Logger log;
  private final String plugin;
  private final Duration softLimit;
  private final Counter counter;

  private final OncePerMinute minute;

  /**
   * @param plugin name and version, for the log
   * @param softLimit of the time in one call of the guest, without its waits
   */
  LateCalls(String plugin, Duration softLimit, Counter counter, LongSupplier nanoTime) {
    this(LoggerFactory.getLogger(LateCalls.class), plugin, softLimit, counter, nanoTime);
  }

  LateCalls(Logger log, String plugin, Duration softLimit, Counter counter, LongSupplier nanoTime) {
    this.log = log;
    this.plugin = plugin;
    this.softLimit = softLimit;
    this.counter = counter;
    this.minute = new OncePerMinute(nanoTime);
  }

  Duration softLimit() {
    return softLimit;
  }

  void happened(String hook, CallTimes times) {
    counter.increment();
    OptionalLong before = minute.next();
    if (before.isEmpty()) {
      return;
    }
    log.warn(
        "{} was late in {}: {} ms in the guest, {} ms in host functions and {} ms of waits in them;"
            + " {} ms without the waits are expected at most; {} late calls before it were not"
            + " logged",
        plugin,
        hook,
        times.guestNanos() / 1_000_000,
        times.hostNanos() / 1_000_000,
        times.waitNanos() / 1_000_000,
        softLimit.toMillis(),
        before.getAsLong());
  }
}
