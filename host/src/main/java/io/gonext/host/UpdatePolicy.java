package io.gonext.host;

import java.time.Duration;

/**
 * How a version takes the place of another.
 *
 * @param warmUp how long a new version may be exercised before it serves; zero for not at all
 * @param keepPrevious how long the replaced version is kept for a rollback
 * @param migrations how long all migrations of a version together may take before they are stopped;
 *     what serves stays in service
 */
public record UpdatePolicy(Duration warmUp, Duration keepPrevious, Duration migrations) {
  public UpdatePolicy {
    if (!migrations.isPositive()) {
      throw new IllegalArgumentException("migrations must be positive");
    }
    if (warmUp.isNegative() || keepPrevious.isNegative()) {
      throw new IllegalArgumentException("warmUp and keepPrevious must not be negative");
    }
  }

  /** 2 s of exercise, a day to go back, 5 minutes for migrations. */
  public static UpdatePolicy defaults() {
    return new UpdatePolicy(Duration.ofSeconds(2), Duration.ofHours(24), Duration.ofMinutes(5));
  }

  /** For the machine of a plugin's author, who waits: no exercise. */
  public static UpdatePolicy development() {
    return defaults().withWarmUp(Duration.ZERO);
  }

  public UpdatePolicy withWarmUp(Duration newWarmUp) {
    return new UpdatePolicy(newWarmUp, keepPrevious, migrations);
  }

  public UpdatePolicy withKeepPrevious(Duration newKeepPrevious) {
    return new UpdatePolicy(warmUp, newKeepPrevious, migrations);
  }

  public UpdatePolicy withMigrations(Duration newMigrations) {
    return new UpdatePolicy(warmUp, keepPrevious, newMigrations);
  }
}
