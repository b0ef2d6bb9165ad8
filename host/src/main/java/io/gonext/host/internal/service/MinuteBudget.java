package io.gonext.host.internal.service;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;

/** How often something may happen in a minute; what is used comes back evenly. Thread-safe. */
public final class MinuteBudget {
  private final int perMinute;
  private final Bucket bucket;

  /**
   * @param nanoTime a monotonic clock
   */
  public MinuteBudget(int perMinute, LongSupplier nanoTime) {
    this.perMinute = perMinute;
    this.bucket =
        Bucket.builder()
            .withCustomTimePrecision(
                new TimeMeter() {
                  @Override
                  public long currentTimeNanos() {
                    return nanoTime.getAsLong();
                  }

                  @Override
                  public boolean isWallClockBased() {
                    return false;
                  }
                })
            .addLimit(
                limit -> limit.capacity(perMinute).refillGreedy(perMinute, Duration.ofMinutes(1)))
            .build();
  }

  /** How often it may happen in a minute. */
  public int perMinute() {
    return perMinute;
  }

  /** The budget of a key; a new one where there is none, or where it allows another number. */
  public static <K> MinuteBudget of(
      ConcurrentMap<K, MinuteBudget> budgets, K key, int perMinute, LongSupplier nanoTime) {
    MinuteBudget budget = budgets.get(key);
    if (budget != null && budget.perMinute == perMinute) {
      return budget;
    }
    return budgets.compute(
        key,
        (_, known) ->
            known != null && known.perMinute == perMinute
                ? known
                : new MinuteBudget(perMinute, nanoTime));
  }

  /** Whether it may happen once more now; if so, that is counted. */
  public boolean tryTake() {
    return bucket.tryConsume(1);
  }
}
