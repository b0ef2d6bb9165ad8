package io.gonext.host.internal.service.app;

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
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final Logger log;
  private final String function;
  private final LongSupplier nanoTime;

  /** Whether {@link #loggedAt} is set. Guarded by this, as are the other two. */
  private boolean logged;

  private long loggedAt;
  private long leftOut;

  FailureLog(String function, LongSupplier nanoTime) {
    this(LoggerFactory.getLogger(FailureLog.class), function, nanoTime);
  }

  FailureLog(Logger log, String function, LongSupplier nanoTime) {
    this.log = log;
    this.function = function;
    this.nanoTime = nanoTime;
  }

  /**
   * Records a failure.
   *
   * @param caller plugin, version and hook
   */
  void happened(String caller, String what, @Nullable Throwable cause) {
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
        "the application's function {}, called by {}, {}; {} failures before it were not logged",
        function,
        caller,
        what,
        before,
        cause);
  }
}
