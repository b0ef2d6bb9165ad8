package io.gonext.pool;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One memory budget over many pools. Safe for use by several threads.
 *
 * <p>Above the budget, the governor evicts the least recently used idle instance of all pools (to
 * the resolution of the pools' reap interval). It takes no pool below its floor while another is
 * above its own. It never touches an instance in use, so instances in use can exceed the budget;
 * new instances then wait until enough memory is freed.
 *
 * <p>Lock order: {@link #evicting} is taken before any pool's lock; pools call the governor without
 * holding theirs.
 */
public final class MemoryGovernor {

  private final long budgetBytes;
  private final AtomicLong usedBytes = new AtomicLong();
  private final List<InstancePool<?>> pools = new CopyOnWriteArrayList<>();
  private final ReentrantLock evicting = new ReentrantLock();

  /**
   * Bytes of evicted instances that are still counted in {@link #usedBytes}. Guarded by {@link
   * #evicting}.
   */
  private long evictedBytes;

  /** Whether a creation was refused since {@link #freed} last called the pools. */
  private volatile boolean starved;

  /**
   * @param budgetBytes the largest total weight of the instances of all pools; positive
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

  /**
   * The weight of the live instances of all pools and of what creations have reserved, in bytes.
   */
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
   * Reserves room for an instance to be created; evicts idle instances when there is not enough. An
   * instance heavier than the whole budget is admitted when it is the only one.
   *
   * @param awaited whether a caller waits for the instance. If not, no pool goes below its floor
   *     for it: pools at their floors would evict each other's instances endlessly
   */
  boolean tryReserve(long bytes, boolean awaited) {
    return reserveWithin(bytes, 0) || reserveByEvicting(bytes, awaited);
  }

  /** Whether there is room by now; if not, {@link #freed} calls the pools when memory is freed. */
  boolean hasRoomElseAnnounce(long bytes) {
    starved = true;
    return fits(usedBytes.get(), bytes);
  }

  /**
   * @param givenBack bytes that were freed and are still counted in {@link #usedBytes}
   */
  private boolean reserveWithin(long bytes, long givenBack) {
    long used = usedBytes.get();
    while (fits(used - givenBack, bytes)) {
      if (usedBytes.compareAndSet(used, used - givenBack + bytes)) {
        return true;
      }
      used = usedBytes.get();
    }
    return false;
  }

  private boolean fits(long used, long bytes) {
    return used + bytes <= budgetBytes || used == 0;
  }

  /**
   * Adds what an instance weighs more than before.
   *
   * @param breakingFloors whether pools may go below their floors when the budget is exceeded and
   *     no pool is above its floor
   */
  void grew(long bytes, boolean breakingFloors) {
    if (usedBytes.addAndGet(bytes) > budgetBytes) {
      var _ = reserveByEvicting(0, breakingFloors);
    }
  }

  /**
   * Evicts idle instances while the budget is exceeded. Instances become idle without a notice
   * here.
   */
  void enforce() {
    grew(0, true);
  }

  /** Subtracts freed bytes, and lets creations that wait for room try again. */
  void freed(long bytes) {
    unbook(bytes);
    announce();
  }

  /** Subtracts freed bytes. Call {@link #announce} afterwards. */
  void unbook(long bytes) {
    if (evicting.isHeldByCurrentThread()) {
      evictedBytes += bytes;
    } else {
      usedBytes.addAndGet(-bytes);
    }
  }

  /**
   * Lets creations that wait for room try again, except during an eviction: its room belongs to the
   * creation that it is for.
   */
  void announce() {
    if (starved && !evicting.isHeldByCurrentThread()) {
      starved = false;
      for (InstancePool<?> pool : pools) {
        pool.maintain();
      }
    }
  }

  /**
   * Evicted bytes stay counted until the whole reservation fits. Otherwise the pool that lost an
   * instance would be the first to fill the room again.
   */
  private boolean reserveByEvicting(long bytes, boolean breakingFloors) {
    boolean anyEvicted = false;
    boolean reserved;
    evicting.lock();
    try {
      reserved = reserveEvicted(bytes);
      while (!reserved && evictOne(breakingFloors)) {
        anyEvicted = true;
        reserved = reserveEvicted(bytes);
      }
    } finally {
      usedBytes.addAndGet(-evictedBytes);
      evictedBytes = 0;
      evicting.unlock();
    }
    if (anyEvicted) {
      announce();
    }
    return reserved;
  }

  private boolean reserveEvicted(long bytes) {
    boolean reserved = reserveWithin(bytes, evictedBytes);
    if (reserved) {
      evictedBytes = 0;
    }
    return reserved;
  }

  private boolean evictOne(boolean breakingFloors) {
    boolean onlyAboveFloor = !breakingFloors;
    for (InstancePool<?> pool : pools) {
      onlyAboveFloor |= pool.isAboveFloor();
    }
    InstancePool<?> victim = null;
    long longest = -1;
    for (InstancePool<?> pool : pools) {
      if (!onlyAboveFloor || pool.isAboveFloor()) {
        long unneeded = pool.evictions().longestUnneededNanos();
        if (unneeded > longest) {
          longest = unneeded;
          victim = pool;
        }
      }
    }
    return victim != null && victim.evictions().evictColdest();
  }
}
