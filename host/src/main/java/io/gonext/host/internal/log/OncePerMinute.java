package io.gonext.host.internal.log;

import java.util.OptionalLong;
import java.util.function.LongSupplier;

/**
 * Keeps a log readable when something happens any number of times: one event a minute may be
 * logged, and the others are counted. Thread-safe.
 */
public final class OncePerMinute {
  private static final long MINUTE_NANOS = 60_000_000_000L;

  private final LongSupplier nanoTime;

  /** Whether {@link #loggedAt} is set. Guarded by this, as are the other two. */
  private boolean logged;

  private long loggedAt;
  private long leftOut;

  /**
   * @param nanoTime a monotonic clock
   */
  public OncePerMinute(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** If an event may be logged: how many before it were not. Otherwise empty. */
  public synchronized OptionalLong next() {
    long now = nanoTime.getAsLong();
    if (logged && now - loggedAt < MINUTE_NANOS) {
      leftOut++;
      return OptionalLong.empty();
    }
    logged = true;
    loggedAt = now;
    long before = leftOut;
    leftOut = 0;
    return OptionalLong.of(before);
  }
}
