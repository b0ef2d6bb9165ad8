package io.gonext.pool;

import java.time.Duration;

/**
 * The limits of one pool. {@link #builder} starts from the defaults.
 *
 * @param name names the pool in messages, thread names and events; not blank
 * @param minInstances the floor: this many instances stay alive without load; from 0 to {@code
 *     maxInstances}; 1 by default
 * @param maxInstances at most this many instances are alive; at least 1; 8 by default
 * @param maxWaiters at most this many callers wait at once; the next one gets {@link
 *     PoolSaturatedException}; 10,000 by default
 * @param maxUses leases after which an instance is replaced; 0, the default, for no limit
 * @param maxAge age after which an instance is replaced, less a random share of up to a tenth, so
 *     that instances made together are not replaced together; zero for no limit; an hour by default
 * @param maxIdleTime how long an instance above the floor may stay unused; zero for no limit; 5
 *     minutes by default
 * @param reapInterval how often the reaper checks age, idle time and overdue leases, and so the
 *     resolution of these limits; 30 seconds by default
 * @param recycleAtBytes weight from which an instance is replaced on return; 0, the default, for no
 *     limit
 * @param maxConcurrentCreations at most this many instances are created at once; at least 1; 4 by
 *     default
 * @param creationBackoff the pause after a failed creation; it doubles with each further failure,
 *     up to 64 times this; 100 ms by default
 * @param leakTracking whether to record where each lease was taken, which costs a stack walk per
 *     checkout; off by default
 * @param leaseWarning a lease that is out for longer is logged, once; zero for never; a minute by
 *     default
 * @param closeTimeout how long {@link InstancePool#close()} waits for leases; 30 seconds by default
 */
public record PoolConfig(
    String name,
    int minInstances,
    int maxInstances,
    int maxWaiters,
    long maxUses,
    Duration maxAge,
    Duration maxIdleTime,
    Duration reapInterval,
    long recycleAtBytes,
    int maxConcurrentCreations,
    Duration creationBackoff,
    boolean leakTracking,
    Duration leaseWarning,
    Duration closeTimeout) {

  public PoolConfig {
    check(!name.isBlank(), "name is blank");
    checkBounds(minInstances, maxInstances);
    check(maxWaiters >= 0, "maxWaiters is negative");
    check(maxUses >= 0, "maxUses is negative");
    check(!maxAge.isNegative(), "maxAge is negative");
    check(!maxIdleTime.isNegative(), "maxIdleTime is negative");
    check(reapInterval.isPositive(), "reapInterval is not positive");
    check(recycleAtBytes >= 0, "recycleAtBytes is negative");
    check(maxConcurrentCreations >= 1, "maxConcurrentCreations is less than 1");
    check(creationBackoff.isPositive(), "creationBackoff is not positive");
    check(!leaseWarning.isNegative(), "leaseWarning is negative");
    check(!closeTimeout.isNegative(), "closeTimeout is negative");
  }

  /** The defaults, for a pool of this name. */
  public static Builder builder(String name) {
    return new Builder(name);
  }

  /**
   * {@code duration} in nanoseconds, between zero and a quarter of the {@code long} range, so that
   * sums and differences with a clock's reading cannot overflow.
   */
  static long saturatedNanos(Duration duration) {
    long limit = Long.MAX_VALUE >> 2;
    if (duration.toSeconds() >= limit / 1_000_000_000L) {
      return limit;
    }
    return duration.isNegative() ? 0 : duration.toNanos();
  }

  static void checkBounds(int minInstances, int maxInstances) {
    check(maxInstances >= 1, "maxInstances is less than 1");
    check(minInstances >= 0, "minInstances is negative");
    check(minInstances <= maxInstances, "minInstances is above maxInstances");
  }

  private static void check(boolean valid, String message) {
    if (!valid) {
      throw new IllegalArgumentException(message);
    }
  }

  /** Sets the components of {@link PoolConfig}, which {@link #build} checks. Not thread-safe. */
  public static final class Builder {

    private final String name;
    private int minInstances = 1;
    private int maxInstances = 8;
    private int maxWaiters = 10_000;
    private long maxUses;
    private Duration maxAge = Duration.ofHours(1);
    private Duration maxIdleTime = Duration.ofMinutes(5);
    private Duration reapInterval = Duration.ofSeconds(30);
    private long recycleAtBytes;
    private int maxConcurrentCreations = 4;
    private Duration creationBackoff = Duration.ofMillis(100);
    private boolean leakTracking;
    private Duration leaseWarning = Duration.ofMinutes(1);
    private Duration closeTimeout = Duration.ofSeconds(30);

    private Builder(String name) {
      this.name = name;
    }

    /** Sets {@code minInstances} and {@code maxInstances}. */
    public Builder bounds(int min, int max) {
      return minInstances(min).maxInstances(max);
    }

    public Builder minInstances(int value) {
      minInstances = value;
      return this;
    }

    public Builder maxInstances(int value) {
      maxInstances = value;
      return this;
    }

    public Builder maxWaiters(int value) {
      maxWaiters = value;
      return this;
    }

    public Builder maxUses(long value) {
      maxUses = value;
      return this;
    }

    public Builder maxAge(Duration value) {
      maxAge = value;
      return this;
    }

    public Builder maxIdleTime(Duration value) {
      maxIdleTime = value;
      return this;
    }

    public Builder reapInterval(Duration value) {
      reapInterval = value;
      return this;
    }

    public Builder recycleAtBytes(long value) {
      recycleAtBytes = value;
      return this;
    }

    public Builder maxConcurrentCreations(int value) {
      maxConcurrentCreations = value;
      return this;
    }

    public Builder creationBackoff(Duration value) {
      creationBackoff = value;
      return this;
    }

    public Builder leakTracking(boolean value) {
      leakTracking = value;
      return this;
    }

    public Builder leaseWarning(Duration value) {
      leaseWarning = value;
      return this;
    }

    public Builder closeTimeout(Duration value) {
      closeTimeout = value;
      return this;
    }

    /**
     * The configuration.
     *
     * @throws IllegalArgumentException when a value is outside its range
     */
    public PoolConfig build() {
      return new PoolConfig(
          name,
          minInstances,
          maxInstances,
          maxWaiters,
          maxUses,
          maxAge,
          maxIdleTime,
          reapInterval,
          recycleAtBytes,
          maxConcurrentCreations,
          creationBackoff,
          leakTracking,
          leaseWarning,
          closeTimeout);
    }
  }
}
