package io.gonext.testkit;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.atomic.AtomicReference;

/**
 * A wall clock that stands still until a test moves it. Plugins, jobs, logs and the audit log of a
 * {@link TestHost} go by it; SQL's {@code current_timestamp} does not.
 *
 * <p>Thread-safe.
 */
public final class FakeClock implements InstantSource {
  private final AtomicReference<Instant> now;

  FakeClock(Instant start) {
    this.now = new AtomicReference<>(start);
  }

  @Override
  public Instant instant() {
    return now.get();
  }

  /**
   * Moves it forward. What becomes due by that runs with {@link TestPlugin#advance} alone.
   *
   * @throws IllegalArgumentException when the time is negative: a clock does not go back
   */
  void advance(Duration time) {
    if (time.isNegative()) {
      throw new IllegalArgumentException("the clock does not go back: " + time);
    }
    now.updateAndGet(instant -> instant.plus(time));
  }
}
