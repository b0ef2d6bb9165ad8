package io.gonext.pool;

import java.time.Duration;
import java.util.Map;

/**
 * A pool's numbers at one moment. Population and waiters are read together under the pool's lock;
 * {@code idle} and {@code inUse} change without it: while leases are taken, both may be off by the
 * leases in flight, but their sum is always {@code live}.
 *
 * @param live instances that are idle or in use
 * @param idle instances ready to be taken
 * @param inUse instances out on a lease or being reset after one
 * @param creating instances under construction
 * @param retiring instances that left the pool and that the allocator has not closed yet
 * @param waiting callers waiting for a lease
 * @param longestWait how long the first of them has been waiting
 * @param created instances ever made
 * @param creationFailures creations that failed
 * @param recycled instances that left, by reason; {@code created = live + the sum of these}
 * @param checkouts leases ever given out
 * @param checkoutErrors checkouts that ended in an exception
 * @param doubleReturns returns of leases that had been returned before
 * @param allocatorErrors failures of {@code reset}, {@code weightBytes} and {@code close}
 * @param reaperErrors failures of the reaper itself; it goes on after each
 * @param bytes weight of all instances not yet closed
 */
public record PoolStats(
    String name,
    int minInstances,
    int maxInstances,
    int live,
    int idle,
    int inUse,
    int creating,
    int retiring,
    int waiting,
    Duration longestWait,
    long created,
    long creationFailures,
    Map<RecycleReason, Long> recycled,
    long checkouts,
    long checkoutErrors,
    long doubleReturns,
    long allocatorErrors,
    long reaperErrors,
    long bytes) {

  public PoolStats {
    recycled = Map.copyOf(recycled);
  }

  /** Instances that left for this reason. */
  public long recycled(RecycleReason reason) {
    return recycled.getOrDefault(reason, 0L);
  }

  /** Instances that left for any reason. */
  public long recycledTotal() {
    return recycled.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The numbers that explain why a caller had to wait, in one line. */
  String summary() {
    return "live=%d/%d idle=%d inUse=%d creating=%d retiring=%d waiting=%d longestWait=%dms"
        .formatted(
            live, maxInstances, idle, inUse, creating, retiring, waiting, longestWait.toMillis());
  }
}
