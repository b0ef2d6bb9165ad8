package io.gonext.host.internal.service.http;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.function.LongSupplier;

/** How many requests one plugin may send: in a minute, and at once. Thread-safe. */
final class FetchBudget {
  static final int PER_CALL = 16;
  static final int AT_ONCE = 6;

  /** Of all versions together. */
  private final Bucket minute;

  private final Semaphore running = new Semaphore(AT_ONCE);

  FetchBudget(int perMinute, LongSupplier nanoTime) {
    this.minute = bucket(perMinute, nanoTime);
  }

  static Bucket bucket(int perMinute, LongSupplier nanoTime) {
    return Bucket.builder()
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
        .addLimit(limit -> limit.capacity(perMinute).refillGreedy(perMinute, Duration.ofMinutes(1)))
        .build();
  }

  Bucket minute() {
    return minute;
  }

  Semaphore running() {
    return running;
  }
}
