package io.gonext.host.lifecycle;

import io.gonext.pool.Ticker;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * A monotonic clock for code that asks for a {@link Clock}: what it measures does not change when
 * the date does. Its instants mean nothing but their differences.
 */
final class TickerClock extends Clock {
  private final Ticker ticker;
  private final long origin;

  TickerClock(Ticker ticker) {
    this.ticker = ticker;
    this.origin = ticker.nanos();
  }

  @Override
  public Instant instant() {
    return Instant.EPOCH.plusNanos(ticker.nanos() - origin);
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("instants of a ticker belong to no zone");
  }
}
