package io.gonext.pool;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that moves when told to. Starts near the overflow that nanosecond clocks may cross. */
final class FakeTicker implements Ticker {

  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);

  @Override
  public long nanos() {
    return nanos.get();
  }

  void advance(Duration by) {
    nanos.addAndGet(by.toNanos());
  }
}
