package io.gonext.pool;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One memory budget over many pools. Safe for use by several threads.
 *
 * <p>Above the budget, idle instances go first, least recently needed across all pools (to the
 * resolution of the pools' reap interval), and no pool is taken below its floor while another has
 * more than its own. Instances in use are never touched, so the budget can be exceeded by what is
 * in use; new instances then have to wait until enough has been given back.
 *
 * <p>Lock order: {@link #evicting} is taken before any pool's lock; pools call in here without
 * holding theirs.
 */
public final class MemoryGovernor {

  private final long budgetBytes;
  private final AtomicLong usedBytes = new AtomicLong();
  private final List<InstancePool<?>> pools = new CopyOnWriteArrayList<>();
  private final ReentrantLock evicting = new ReentrantLock();

  /** Whether a creation was refused since {@link #freed} last called the pools. */
  private volatile boolean starved;

  /**
   * @param budgetBytes what the instances of all pools may weigh together; positive
   */
  public MemoryGovernor(long budgetBytes) {
    if (budgetBytes <= 0) {
      throw new IllegalArgumentException("budgetBytes is not positive");
    }
    this.budgetBytes = budgetBytes;
  }

  /** A governor with half of the maximum heap as its budget. */
  public static MemoryGovernor ofHalfTheHeap() {
    return new MemoryGovernor(Runtime.getRuntime().maxMemory() / 2);
  }

  /** The budget, in bytes. */
  public long budgetBytes() {
    return budgetBytes;
  }

  /** What the live instances of all pools weigh, with what creations have reserved, in bytes. */
  public long usedBytes() {
    return usedBytes.get();
  }

  void register(InstancePool<?> pool) {
    pools.add(pool);
  }

  void deregister(InstancePool<?> pool) {
    pools.remove(pool);
  }

  /**
   * Sets aside room for an instance about to be created, at the cost of idle ones when there is
   * none. An instance that outweighs the whole budget is admitted when it would be the only one.
   *
   * @return false when there is no room now; {@link InstancePool#maintain} is called once there is
   */
  boolean tryReserve(long bytes) {
    if (reserveWithin(bytes)) {
      return true;
    }
    evictUntil(bytes);
    if (reserveWithin(bytes)) {
      return true;
    }
    starved = true;
    // What was given back between the attempt and the flag would be announced to nobody.
    return reserveWithin(bytes);
  }

  private boolean reserveWithin(long bytes) {
    long used = usedBytes.get();
    while (used + bytes <= budgetBytes || used == 0) {
      if (usedBytes.compareAndSet(used, used + bytes)) {
        return true;
      }
      used = usedBytes.get();
    }
    return false;
  }

  /** Books that an instance weighs this much more than was booked for it before. */
  void grew(long bytes) {
    if (usedBytes.addAndGet(bytes) > budgetBytes) {
      evictUntil(0);
    }
  }

  /** Books that this much was given back, and lets creations that waited for it try again. */
  void freed(long bytes) {
    usedBytes.addAndGet(-bytes);
    if (starved) {
      starved = false;
      for (InstancePool<?> pool : pools) {
        pool.maintain();
      }
    }
  }

  private void evictUntil(long wantedBytes) {
    evicting.lock();
    try {
      while (usedBytes.get() + wantedBytes > budgetBytes && evictOne()) {
        // Each round takes one instance; the condition is the work.
      }
    } finally {
      evicting.unlock();
    }
  }

  private boolean evictOne() {
    boolean anyAboveFloor = false;
    for (InstancePool<?> pool : pools) {
      anyAboveFloor |= pool.isAboveFloor();
    }
    InstancePool<?> victim = null;
    long coldest = -1;
    for (InstancePool<?> pool : pools) {
      long coldness = anyAboveFloor && !pool.isAboveFloor() ? -1 : pool.longestUnneededNanos();
      if (coldness > coldest) {
        coldest = coldness;
        victim = pool;
      }
    }
    return victim != null && victim.evictColdest();
  }
}
