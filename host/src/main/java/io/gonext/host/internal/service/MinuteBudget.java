package io.gonext.host.internal.service;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.function.LongSupplier;

/** How often something may happen in a minute; what is used comes back evenly. Thread-safe. */
public final class MinuteBudget {
  private final Bucket bucket;

  /**
   * @param nanoTime a monotonic clock
   */
  public MinuteBudget(int perMinute, LongSupplier nanoTime) {
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

  /** Whether it may happen once more now; if so, that is counted. */
  public boolean tryTake() {
    return bucket.tryConsume(1);
  }
}
