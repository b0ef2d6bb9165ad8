package io.gonext.pool;

import java.time.Duration;
import java.util.List;

/**
 * A pool at one moment: its numbers, its instances, and the callers that wait.
 *
 * @param stats the numbers of the same moment; {@code idle}, {@code inUse}, {@code creating} and
 *     {@code retiring} are the numbers of {@code instances} in these states
 * @param instances in the order of their places; places without an instance are left out
 * @param waits how long the first callers in the queue have waited, first come first; at most
 *     {@link #MAX_WAITS}
 */
public record PoolSnapshot(PoolStats stats, List<InstanceInfo> instances, List<Duration> waits) {

  /** The most waits that a snapshot lists. */
  public static final int MAX_WAITS = 100;

  public PoolSnapshot {
    instances = List.copyOf(instances);
    waits = List.copyOf(waits);
  }
}
