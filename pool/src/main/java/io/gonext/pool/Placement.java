package io.gonext.pool;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where an instance goes that is in the pool's hands: to the first waiter, to the idle ones, or
 * out. Whoever calls with a slot owns it, and no longer does afterwards.
 *
 * <p>An instance that goes out leaves the accounts under the pool's lock, and its slot is free once
 * a worker has closed it, whatever fails on the way.
 */
final class Placement<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Placement.class);

  private final InstancePool<T> pool;
  private final PoolConfig config;
  private final Allocator<T> allocator;
  private final PoolRuntime runtime;
  private final AtomicLong bytes = new AtomicLong();
  private final LongAdder allocatorErrors = new LongAdder();

  Placement(InstancePool<T> pool, PoolConfig config, Allocator<T> allocator, PoolRuntime runtime) {
    this.pool = pool;
    this.config = config;
    this.allocator = allocator;
    this.runtime = runtime;
  }

  /** What the instances weigh that have not been retired. */
  long bytes() {
    return bytes.get();
  }

  void addBytes(long growth) {
    bytes.addAndGet(growth);
  }

  long allocatorErrors() {
    return allocatorErrors.sum();
  }

  void allocatorFailed() {
    allocatorErrors.increment();
  }

  /**
   * Offers an instance that was seen idle to the first waiter, or retires it if it is surplus.
   *
   * @return whether it was idle still
   */
  boolean offerIfIdle(Slot<T> slot, long seen) {
    if (SlotState.phase(seen) == SlotState.IDLE && slot.tryMove(seen, SlotState.RETURNING)) {
      offer(slot);
      return true;
    }
    return false;
  }

  /**
   * Passes on an instance: to the first waiter, else to the idle ones; or retires it when the pool
   * has too many or is closing.
   */
  void offer(Slot<T> slot) {
    Waiter<T> waiter = null;
    RecycleReason surplus = null;
    pool.lock.lock();
    try {
      if (pool.population.live > pool.population.max) {
        surplus = RecycleReason.IDLE;
      } else if (pool.queue.size() == 0 && pool.isClosing()) {
        surplus = RecycleReason.CLOSE;
      } else {
        waiter = pool.queue.poll();
      }
      if (surplus != null) {
        takeOut(slot, surplus);
      } else if (waiter == null) {
        pool.rack().returning(slot);
        slot.moveTo(SlotState.IDLE);
      } else {
        pool.updateAttention();
        slot.leaseToWaiter();
        waiter.outcome = slot.granted;
      }
    } finally {
      pool.lock.unlock();
    }
    if (surplus != null) {
      discard(slot, surplus);
    } else if (waiter != null) {
      LockSupport.unpark(waiter.thread);
    }
  }

  void retire(Slot<T> slot, RecycleReason reason) {
    pool.lock.lock();
    try {
      takeOut(slot, reason);
    } finally {
      pool.lock.unlock();
    }
    discard(slot, reason);
  }

  /**
   * Retires an instance if the floor stands without it, and offers it otherwise.
   *
   * @return whether it was retired
   */
  boolean retireIfSurplus(Slot<T> slot, RecycleReason reason) {
    boolean surplus;
    pool.lock.lock();
    try {
      surplus = pool.population.live > pool.population.min;
      if (surplus) {
        takeOut(slot, reason);
      }
    } finally {
      pool.lock.unlock();
    }
    if (surplus) {
      discard(slot, reason);
    } else {
      offer(slot);
    }
    return surplus;
  }

  /** Call under the pool's lock, then {@link #discard} without it. */
  private void takeOut(Slot<T> slot, RecycleReason reason) {
    slot.moveTo(SlotState.RETIRING);
    pool.population.retired(reason);
  }

  /** Has an instance closed that was {@linkplain #takeOut taken out} of the accounts. */
  private void discard(Slot<T> slot, RecycleReason reason) {
    long weight = slot.weight;
    Throwable cause = slot.unusable;
    bytes.addAndGet(-weight);
    // Before the slot can be filled again, or its successor would evict for room that is there.
    runtime.governor().unbook(weight);
    Disposal disposal = new Disposal(slot);
    try {
      runtime.workers().execute(disposal);
    } catch (Throwable t) {
      // Better slow than lost; unless the executor ran it here and it did its work.
      disposal.runIfNotBegun(t);
    }
    runtime.governor().announce();
    RecycleEvent event = new RecycleEvent();
    if (event.shouldCommit()) {
      event.pool = config.name();
      event.reason = reason.tag();
      event.commit();
    }
    if (cause != null) {
      LOG.debug("pool {}: an instance was declared unusable", config.name(), cause);
    }
  }

  /** Closes one instance and frees its slot; once, whoever runs it. */
  private final class Disposal implements Runnable {

    private final Slot<T> slot;
    private boolean begun;

    Disposal(Slot<T> slot) {
      this.slot = slot;
    }

    @Override
    public void run() {
      begun = true;
      T instance = Objects.requireNonNull(slot.value);
      slot.value = null;
      slot.unusable = null;
      slot.takenAt = null;
      slot.weight = 0;
      Throwable failure = close(instance);
      pool.lock.lock();
      try {
        slot.moveTo(SlotState.VACANT);
        pool.population.retiring--;
      } finally {
        pool.lock.unlock();
      }
      pool.maintain();
      pool.checkTerminated();
      if (failure != null) {
        LOG.warn("pool {}: an instance could not be closed properly", config.name(), failure);
      }
    }

    private @Nullable Throwable close(T instance) {
      try {
        allocator.close(instance);
        return null;
      } catch (Throwable t) {
        allocatorFailed();
        return t;
      }
    }

    /** Only for an executor that refused; one that took it may be running it. */
    void runIfNotBegun(Throwable refusal) {
      if (begun) {
        return;
      }
      try {
        LOG.warn(
            "pool {}: no worker thread; the caller closes the instance", config.name(), refusal);
      } finally {
        run();
      }
    }
  }
}
