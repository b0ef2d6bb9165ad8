package io.gonext.host.route;

import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.gonext.pool.Ticker;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Counts the requests for one plugin's routes against its {@link RouteRate}. Thread-safe. */
public final class RouteLimiter {
  /** Null without a limit. */
  private final @Nullable Bucket bucket;

  public RouteLimiter(RouteRate rate, Ticker ticker) {
    this.bucket = rate.isUnlimited() ? null : bucket(rate, ticker);
  }

  private static Bucket bucket(RouteRate rate, Ticker ticker) {
    return Bucket.builder()
        .withCustomTimePrecision(
            new TimeMeter() {
              @Override
              public long currentTimeNanos() {
                return ticker.nanos();
              }

              @Override
              public boolean isWallClockBased() {
                return false;
              }
            })
        .addLimit(limit ->
            limit.capacity(rate.burst()).refillGreedy(rate.perSecond(), Duration.ofSeconds(1)))
        .build();
  }

  /** Takes a request's place; zero when it may go on, otherwise how long there will be none. */
  public Duration take() {
    if (bucket == null || bucket.tryConsume(1)) {
      return Duration.ZERO;
    }
    // Another caller may take the place that is free by now: at least a moment.
    return Duration.ofNanos(
        Math.max(1, bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill()));
  }
}
