package io.gonext.pool;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides where an instance goes that no lease holds: to the first waiter, to the idle ones, or out
 * of the pool. The caller must own the slot it passes, and gives up ownership.
 *
 * <p>A retired instance leaves the counts under the pool's lock. Its slot becomes vacant when a
 * worker has closed the instance, even if that fails.
 */
final class Placement<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Placement.class);

  private final PoolState<T> state;
  private final Upkeep upkeep;
  private final PoolConfig config;
  private final Allocator<T> allocator;
  private final PoolRuntime runtime;
  private final AtomicLong bytes = new AtomicLong();
  private final LongAdder allocatorErrors = new LongAdder();

  Placement(
      PoolState<T> state,
      Upkeep upkeep,
      PoolConfig config,
      Allocator<T> allocator,
      PoolRuntime runtime) {
    this.state = state;
    this.upkeep = upkeep;
    this.config = config;
    this.allocator = allocator;
    this.runtime = runtime;
  }

  /** The weight of the instances that are not retired, in bytes. */
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
   * @return whether it was still idle
   */
  boolean offerIfIdle(Slot<T> slot, long seen) {
    if (SlotState.phase(seen) == SlotState.IDLE && slot.tryMove(seen, SlotState.RETURNING)) {
      offer(slot);
      return true;
    }
    return false;
  }

  /**
   * Gives an instance to the first waiter, or makes it idle. Retires it when the pool is above its
   * maximum or is closing.
   */
  void offer(Slot<T> slot) {
    Waiter<T> waiter = null;
    RecycleReason surplus = null;
    state.lock.lock();
    try {
      if (state.population.live > state.population.max) {
        surplus = RecycleReason.IDLE;
      } else if (state.queue.size() == 0 && state.isClosing()) {
        surplus = RecycleReason.CLOSE;
      } else {
        waiter = state.queue.poll();
      }
      if (surplus != null) {
        takeOut(slot, surplus);
      } else if (waiter == null) {
        state.rack.returning(slot);
        slot.moveTo(SlotState.IDLE);
      } else {
        state.updateAttention();
        slot.leaseToWaiter();
        waiter.outcome = slot.granted;
      }
    } finally {
      state.lock.unlock();
    }
    if (surplus != null) {
      discard(slot, surplus);
    } else if (waiter != null) {
      LockSupport.unpark(waiter.thread);
    }
  }

  void retire(Slot<T> slot, RecycleReason reason) {
    state.lock.lock();
    try {
      takeOut(slot, reason);
    } finally {
      state.lock.unlock();
    }
    discard(slot, reason);
  }

  /**
   * Retires an instance if the pool is above its floor, and offers it otherwise.
   *
   * @return whether it was retired
   */
  boolean retireIfSurplus(Slot<T> slot, RecycleReason reason) {
    boolean surplus;
    state.lock.lock();
    try {
      surplus = state.population.live > state.population.min;
      if (surplus) {
        takeOut(slot, reason);
      }
    } finally {
      state.lock.unlock();
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
    slot.enteredAt = runtime.nanoTime().getAsLong();
    state.population.retired(reason);
  }

  /** Closes, on a worker, an instance that was {@linkplain #takeOut taken out} of the counts. */
  private void discard(Slot<T> slot, RecycleReason reason) {
    long weight = slot.weight;
    Throwable cause = slot.unusable;
    bytes.addAndGet(-weight);
    // This comes before the slot is vacant. Otherwise the successor would evict for room that is
    // free.
    runtime.governor().unbook(weight);
    Disposal disposal = new Disposal(slot);
    try {
      runtime.workers().execute(disposal);
    } catch (Throwable t) {
      // The executor refused the task, unless it ran the task on this thread and the task threw.
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

  /** Closes one instance and frees its slot. */
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
      slot.weigh(0);
      Throwable failure = close(instance);
      state.lock.lock();
      try {
        slot.moveTo(SlotState.VACANT);
        state.population.retiring--;
      } finally {
        state.lock.unlock();
      }
      upkeep.maintain();
      upkeep.checkTerminated();
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

    /**
     * Call only after the executor refused the task; an executor that accepted it may be running
     * it.
     */
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
