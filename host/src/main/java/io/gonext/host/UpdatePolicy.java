package io.gonext.host;

import java.time.Duration;

/**
 * How a version takes the place of another.
 *
 * @param warmUp how long a new version may be exercised before it serves; zero for not at all
 * @param keepPrevious how long the replaced version is kept for a rollback
 */
public record UpdatePolicy(Duration warmUp, Duration keepPrevious) {
  public UpdatePolicy {
    if (warmUp.isNegative() || keepPrevious.isNegative()) {
      throw new IllegalArgumentException("warmUp and keepPrevious must not be negative");
    }
  }

  /** 2 s of exercise, a day to go back. */
  public static UpdatePolicy defaults() {
    return new UpdatePolicy(Duration.ofSeconds(2), Duration.ofHours(24));
  }

  /** For the machine of a plugin's author, who waits: no exercise. */
  public static UpdatePolicy development() {
    return defaults().withWarmUp(Duration.ZERO);
  }

  public UpdatePolicy withWarmUp(Duration newWarmUp) {
    return new UpdatePolicy(newWarmUp, keepPrevious);
  }

  public UpdatePolicy withKeepPrevious(Duration newKeepPrevious) {
    return new UpdatePolicy(warmUp, newKeepPrevious);
  }
}
