package io.gonext.host.internal.service.jobs;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The time of the store, by which all hosts on one database agree when a job is due and whether a
 * node gives signs of life, whatever their own clocks say. Between two looks at the store it
 * advances with a monotonic clock.
 *
 * <p>Thread-safe.
 */
public final class StoreClock {
  /** Two clocks drift apart by less than a millisecond in this time. */
  private static final Duration FRESH = Duration.ofSeconds(10);

  private static final long NANOS_PER_SECOND = 1_000_000_000;

  private final InstantSource store;
  private final LongSupplier nanoTime;
  private final boolean mayStandStill;
  private volatile @Nullable Sample sample;

  private record Sample(Instant at, long nanos) {}

  /**
   * @param store the database's time
   */
  public StoreClock(InstantSource store, LongSupplier nanoTime) {
    this(store, nanoTime, false);
  }

  private StoreClock(InstantSource store, LongSupplier nanoTime, boolean mayStandStill) {
    this.store = store;
    this.nanoTime = nanoTime;
    this.mayStandStill = mayStandStill;
  }

  /** Another clock, for a store that no other host shares. It may stand still, and jump. */
  public static StoreClock of(InstantSource clock) {
    return new StoreClock(
        clock,
        () -> {
          Instant now = clock.instant();
          return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
        },
        true);
  }

  /** Whether waiting for a time of this clock may never end. */
  public boolean mayStandStill() {
    return mayStandStill;
  }

  /**
   * Now. Asks the store at the first call only.
   *
   * @throws io.gonext.host.StoreException when the store was never asked, and fails
   */
  public Instant now() {
    Sample last = sample;
    return last == null ? fresh() : at(last);
  }

  /**
   * Now, from a look at the store that is at most ten seconds old.
   *
   * @throws io.gonext.host.StoreException when the store fails
   */
  public Instant fresh() {
    Sample last = sample;
    if (last == null || nanoTime.getAsLong() - last.nanos >= FRESH.toNanos()) {
      long before = nanoTime.getAsLong();
      Instant at = store.instant();
      long after = nanoTime.getAsLong();
      last = new Sample(at, before + (after - before) / 2);
      sample = last;
    }
    return at(last);
  }

  private Instant at(Sample last) {
    return last.at.plusNanos(nanoTime.getAsLong() - last.nanos);
  }
}
