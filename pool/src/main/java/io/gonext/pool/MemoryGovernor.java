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

  /** What evictions under way have given back and is booked still. Under {@link #evicting}. */
  private long evictedBytes;

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
   * @param awaited whether a caller waits for the instance; if not, no pool goes below its floor
   *     for it, or pools at their floors would evict each other in turn
   */
  boolean tryReserve(long bytes, boolean awaited) {
    return reserveWithin(bytes, 0) || reserveByEvicting(bytes, awaited);
  }

  /** Whether there is room by now; if not, {@link #freed} will call the pools once there may be. */
  boolean hasRoomElseAnnounce(long bytes) {
    starved = true;
    return fits(usedBytes.get(), bytes);
  }

  /**
   * @param givenBack what was given back and is booked still
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
   * Books that an instance weighs this much more than was booked for it before.
   *
   * @param breakingFloors whether pools may go below their floors if the budget is exceeded and
   *     none is above its own
   */
  void grew(long bytes, boolean breakingFloors) {
    if (usedBytes.addAndGet(bytes) > budgetBytes) {
      var _ = reserveByEvicting(0, breakingFloors);
    }
  }

  /** Evicts what is idle while the budget is exceeded: instances may have become so unnoticed. */
  void enforce() {
    grew(0, true);
  }

  /** Books that this much was given back, and lets creations that waited for it try again. */
  void freed(long bytes) {
    unbook(bytes);
    announce();
  }

  /** Books that this much was given back; {@link #announce} is to follow. */
  void unbook(long bytes) {
    if (evicting.isHeldByCurrentThread()) {
      evictedBytes += bytes;
    } else {
      usedBytes.addAndGet(-bytes);
    }
  }

  /**
   * Lets creations that waited for room try again. Not from within an eviction, which would evict
   * for the sake of what it makes room for.
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
   * What is evicted stays booked until all that is wanted fits: or the pool that has lost an
   * instance would be the first to fill the gap again.
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
