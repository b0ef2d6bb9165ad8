package io.gonext.pool;

import java.time.Duration;

/**
 * A point in monotonic time, as read from a {@link Ticker}, that several steps of one request can
 * share.
 *
 * @param nanos the reading at which the deadline passes
 */
public record Deadline(long nanos) {

  /** The deadline that passes {@code timeout} from now on the system's ticker. */
  public static Deadline after(Duration timeout) {
    return after(timeout, Ticker.system());
  }

  /** The deadline that passes {@code timeout} from now on {@code ticker}. */
  public static Deadline after(Duration timeout, Ticker ticker) {
    return new Deadline(ticker.nanos() + saturatedNanos(timeout));
  }

  /** What is left on {@code ticker}, in nanoseconds; zero or negative once the deadline passed. */
  public long remainingNanos(Ticker ticker) {
    return nanos - ticker.nanos();
  }

  /**
   * {@code duration} in nanoseconds, between zero and a quarter of the {@code long} range so that
   * sums and differences with a ticker's reading cannot overflow.
   */
  static long saturatedNanos(Duration duration) {
    long limit = Long.MAX_VALUE >> 2;
    if (duration.toSeconds() >= limit / 1_000_000_000L) {
      return limit;
    }
    return duration.isNegative() ? 0 : duration.toNanos();
  }
}
