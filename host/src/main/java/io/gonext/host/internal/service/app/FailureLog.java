package io.gonext.host.internal.service.app;

import io.gonext.host.internal.log.OncePerMinute;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes failures of one function to the host's log, one a minute: a guest may cause any number.
 *
 * <p>Thread-safe.
 */
final class FailureLog {
  private final Logger log;
  private final String function;

  private final OncePerMinute minute;

  FailureLog(String function, LongSupplier nanoTime) {
    this(LoggerFactory.getLogger(FailureLog.class), function, nanoTime);
  }

  FailureLog(Logger log, String function, LongSupplier nanoTime) {
    this.log = log;
    this.function = function;
    this.minute = new OncePerMinute(nanoTime);
  }

  /**
   * Records a failure.
   *
   * @param caller plugin, version and hook
   */
  void happened(String caller, String what, @Nullable Throwable cause) {
    OptionalLong before = minute.next();
    if (before.isEmpty()) {
      return;
    }
    log.warn(
        "the application's function {}, called by {}, {}; {} failures before it were not logged",
        function,
        caller,
        what,
        before.getAsLong(),
        cause);
  }
}
