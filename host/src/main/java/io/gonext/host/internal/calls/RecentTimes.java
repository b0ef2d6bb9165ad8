package io.gonext.host.internal.calls;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.HdrHistogram.AbstractHistogram;
import org.HdrHistogram.AtomicHistogram;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.IntCountsHistogram;
import org.jspecify.annotations.Nullable;

/**
 * How long the calls of one handler took in the last minutes, accurate to about 6 %. A handler that
 * is not called takes no memory for it.
 *
 * <p>{@link #record} is lock-free, and threads with different ids write to different histograms. A
 * call that is recorded while another thread folds may be left out.
 */
final class RecentTimes {
  /** One significant digit: a histogram then takes 3 KiB instead of 20. */
  private static final int DIGITS = 1;

  private static final long SHORTEST_NANOS = 128;
  private static final long LONGEST_NANOS = Duration.ofMinutes(15).toNanos();

  /** More would cost more memory than they save time: a call of a guest takes microseconds. */
  private static final int MAX_STRIPES = 4;

  /** A power of two. */
  private static final int STRIPES =
      Math.min(MAX_STRIPES, Integer.highestOneBit(Runtime.getRuntime().availableProcessors()));

  /** Of the calls since the last {@link #fold}; null where there were none. */
  private final AtomicReferenceArray<@Nullable AtomicHistogram> now =
      new AtomicReferenceArray<>(STRIPES);

  /** Of this minute and of the one before, without {@link #now}. Guarded by this. */
  private @Nullable AbstractHistogram minute;

  private @Nullable AbstractHistogram before;

  /** An empty histogram to which others can be added. Not thread-safe. */
  static Histogram empty() {
    return new Histogram(SHORTEST_NANOS, LONGEST_NANOS, DIGITS);
  }

  void record(long nanos) {
    int stripe = (int) Thread.currentThread().threadId() & (STRIPES - 1);
    AtomicHistogram histogram = now.get(stripe);
    if (histogram == null) {
      histogram = created(stripe);
    }
    histogram.recordValue(Math.clamp(nanos, 0, LONGEST_NANOS));
  }

  private AtomicHistogram created(int stripe) {
    AtomicHistogram mine = new AtomicHistogram(SHORTEST_NANOS, LONGEST_NANOS, DIGITS);
    AtomicHistogram others = now.compareAndExchange(stripe, null, mine);
    return others == null ? mine : others;
  }

  /**
   * Moves the calls since the last time into this minute, and adds them to {@code tick}.
   *
   * @param minuteEnds whether a minute ends with them
   */
  synchronized void fold(Histogram tick, boolean minuteEnds) {
    for (int i = 0; i < STRIPES; i++) {
      AtomicHistogram histogram = now.getAndSet(i, null);
      if (histogram != null) {
        if (minute == null) {
          minute = new IntCountsHistogram(SHORTEST_NANOS, LONGEST_NANOS, DIGITS);
        }
        minute.add(histogram);
        tick.add(histogram);
      }
    }
    if (minuteEnds) {
      before = minute;
      minute = null;
    }
  }

  /** Adds the calls of this minute and of the one before. */
  synchronized void addTo(Histogram sum) {
    if (before != null) {
      sum.add(before);
    }
    if (minute != null) {
      sum.add(minute);
    }
    for (int i = 0; i < STRIPES; i++) {
      AtomicHistogram histogram = now.get(i);
      if (histogram != null) {
        sum.add(histogram);
      }
    }
  }
}
