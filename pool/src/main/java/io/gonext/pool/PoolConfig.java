package io.gonext.pool;

import java.time.Duration;

/**
 * The limits and habits of one pool. Start from {@link #defaults} and change what differs.
 *
 * @param name how the pool calls itself in messages, thread names and events
 * @param minInstances the floor: kept alive without load; 0 to {@code maxInstances}
 * @param maxInstances never more than this many are alive; at least 1
 * @param maxWaiters callers that may wait at once; the next one gets {@link PoolSaturatedException}
 * @param maxUses leases after which an instance is replaced; 0 for no limit
 * @param maxAge age after which an instance is replaced, less up to a tenth so that instances
 *     created together do not turn over together; zero for no limit
 * @param maxIdleTime how long an instance above the floor may go unneeded; zero for no limit
 * @param reapInterval how often age, idleness and overdue leases are looked at, and so the
 *     resolution of those limits
 * @param recycleAtBytes weight from which an instance is replaced on return; 0 for no limit
 * @param maxConcurrentCreations how many instances may be under construction at once
 * @param creationBackoff the pause after a failed creation; doubles with each further failure up to
 *     64 times this
 * @param leakTracking whether to record where each lease was taken; costs a stack walk per checkout
 * @param leaseWarning how long a lease may be out before it is logged, once; zero for never
 * @param closeTimeout how long {@link InstancePool#close()} waits for leases
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

  /** The defaults that the project documents, for a pool of this name. */
  public static PoolConfig defaults(String name) {
    return new PoolConfig(
        name,
        1,
        8,
        10_000,
        0,
        Duration.ofHours(1),
        Duration.ofMinutes(5),
        Duration.ofSeconds(30),
        0,
        4,
        Duration.ofMillis(100),
        false,
        Duration.ofMinutes(1),
        Duration.ofSeconds(30));
  }

  /**
   * {@code duration} in nanoseconds, between zero and a quarter of the {@code long} range, so that
   * sums and differences with a ticker's reading cannot overflow.
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

  public PoolConfig withBounds(int min, int max) {
    return new PoolConfig(
        name,
        min,
        max,
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

  public PoolConfig withMinInstances(int value) {
    return new PoolConfig(
        name,
        value,
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

  public PoolConfig withMaxInstances(int value) {
    return new PoolConfig(
        name,
        minInstances,
        value,
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

  public PoolConfig withMaxWaiters(int value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        value,
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

  public PoolConfig withMaxUses(long value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        maxWaiters,
        value,
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

  public PoolConfig withMaxAge(Duration value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        maxWaiters,
        maxUses,
        value,
        maxIdleTime,
        reapInterval,
        recycleAtBytes,
        maxConcurrentCreations,
        creationBackoff,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withMaxIdleTime(Duration value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        maxWaiters,
        maxUses,
        maxAge,
        value,
        reapInterval,
        recycleAtBytes,
        maxConcurrentCreations,
        creationBackoff,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withReapInterval(Duration value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        maxWaiters,
        maxUses,
        maxAge,
        maxIdleTime,
        value,
        recycleAtBytes,
        maxConcurrentCreations,
        creationBackoff,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withRecycleAtBytes(long value) {
    return new PoolConfig(
        name,
        minInstances,
        maxInstances,
        maxWaiters,
        maxUses,
        maxAge,
        maxIdleTime,
        reapInterval,
        value,
        maxConcurrentCreations,
        creationBackoff,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withMaxConcurrentCreations(int value) {
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
        value,
        creationBackoff,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withCreationBackoff(Duration value) {
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
        value,
        leakTracking,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withLeakTracking(boolean value) {
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
        value,
        leaseWarning,
        closeTimeout);
  }

  public PoolConfig withLeaseWarning(Duration value) {
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
        value,
        closeTimeout);
  }

  public PoolConfig withCloseTimeout(Duration value) {
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
        value);
  }
}
