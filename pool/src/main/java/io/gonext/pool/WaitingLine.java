package io.gonext.pool;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Lets a caller wait for a lease: it joins the queue, makes sure that no return misses it, and
 * parks.
 *
 * <p>A parked caller holds no lock and no monitor, so a virtual thread unmounts.
 */
final class WaitingLine<T> {

  private static final int WATCH_SPINS = 64;
  private static final long WATCH_PAUSE_MAX_NANOS = 1_000_000;

  private final PoolState<T> state;
  private final Creations<T> creations;
  private final Placement<T> placement;
  private final Upkeep upkeep;
  private final Supplier<PoolStats> stats;
  private final PoolConfig config;
  private final LongSupplier nanoTime;

  /**
   * @param stats the pool's numbers, for the message of a timeout
   */
  WaitingLine(
      PoolState<T> state,
      Creations<T> creations,
      Placement<T> placement,
      Upkeep upkeep,
      Supplier<PoolStats> stats,
      PoolConfig config,
      LongSupplier nanoTime) {
    this.state = state;
    this.creations = creations;
    this.placement = placement;
    this.upkeep = upkeep;
    this.stats = stats;
    this.config = config;
    this.nanoTime = nanoTime;
  }

  /**
   * Waits until {@code deadline} for a slot.
   *
   * @return a slot leased to the calling thread
   */
  Slot<T> await(long now, long deadline) throws InterruptedException {
    Waiter<T> waiter = new Waiter<>(Thread.currentThread(), now);
    boolean mustSettle = join(waiter);
    CheckoutEvent event = new CheckoutEvent();
    event.begin();
    String outcome = "lease";
    try {
      if (mustSettle) {
        settle(waiter, deadline);
      }
      if (waiter.outcome == null) {
        creations.start(0);
        if (creations.nanosToRetry() < Long.MAX_VALUE) {
          upkeep.wakeReaper();
        }
      }
      return park(waiter, deadline);
    } catch (PoolException | InterruptedException e) {
      outcome = e.getClass().getSimpleName();
      throw e;
    } catch (Throwable t) {
      outcome = t.getClass().getSimpleName();
      abandon(waiter);
      throw t;
    } finally {
      state.observer().waited(nanoTime.getAsLong() - now);
      if (event.shouldCommit()) {
        event.pool = config.name();
        event.outcome = outcome;
        event.commit();
      }
    }
  }

  /**
   * @return whether the waiter must {@link #settle}
   */
  private boolean join(Waiter<T> waiter) {
    state.lock.lock();
    try {
      if (state.isClosing()) {
        throw new PoolClosedException("pool " + config.name() + " is closed");
      }
      if (state.queue.size() >= config.maxWaiters()) {
        throw new PoolSaturatedException(
            "pool %s: %d callers are waiting already".formatted(config.name(), state.queue.size()));
      }
      state.queue.add(waiter);
      state.updateAttention();
      return !state.queue.isSettled();
    } finally {
      state.lock.unlock();
    }
  }

  private Slot<T> park(Waiter<T> waiter, long deadline) throws InterruptedException {
    while (true) {
      Waiter.Outcome<T> outcome = waiter.outcome;
      if (outcome == null) {
        boolean interrupted = Thread.interrupted();
        long left = deadline - nanoTime.getAsLong();
        if (!interrupted && left > 0) {
          LockSupport.parkNanos(this, left);
          continue;
        }
        outcome = leave(waiter, interrupted);
      }
      return switch (outcome) {
        case Waiter.Outcome.Granted<T>(Slot<T> slot) -> slot;
        case Waiter.Outcome.Failed<T>(Throwable cause) ->
            throw new AllocationException(
                "pool " + config.name() + " could not create an instance", cause);
        case Waiter.Outcome.Closed<T>() ->
            throw new PoolClosedException("pool " + config.name() + " was closed");
      };
    }
  }

  /** Gives up the wait, unless the pool has just ended it. */
  private Waiter.Outcome<T> leave(Waiter<T> waiter, boolean interrupted)
      throws InterruptedException {
    PoolStats now;
    state.lock.lock();
    try {
      Waiter.Outcome<T> outcome = waiter.outcome;
      if (outcome != null) {
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        return outcome;
      }
      now = stats.get();
      state.queue.remove(waiter);
      state.updateAttention();
    } finally {
      state.lock.unlock();
    }
    upkeep.checkTerminated();
    if (interrupted) {
      throw new InterruptedException("interrupted while waiting for pool " + config.name());
    }
    throw new CheckoutTimeoutException(
        "pool %s: no instance became free in time: %s".formatted(config.name(), now.summary()));
  }

  /** Ends a wait after an unexpected exception, without losing a slot or a place in the queue. */
  private void abandon(Waiter<T> waiter) {
    Waiter.Outcome<T> outcome;
    state.lock.lock();
    try {
      outcome = waiter.outcome;
      state.queue.remove(waiter);
      state.updateAttention();
    } finally {
      state.lock.unlock();
    }
    if (outcome instanceof Waiter.Outcome.Granted<T>(Slot<T> slot)) {
      slot.cancelLease();
      placement.offer(slot);
    }
    upkeep.checkTerminated();
  }

  /** A slot seen while it was being returned. */
  private record Sighting<T>(Slot<T> slot, long state) {

    boolean isCurrent() {
      return slot.state() == state;
    }
  }

  /**
   * Gives idle instances to the head of the queue, and watches every slot that is being returned
   * until its state changes; {@link WaiterQueue} says why. Takes as long as these returns. A slow
   * return does not delay the creation of a new instance.
   */
  private void settle(Waiter<T> waiter, long deadline) {
    List<Sighting<T>> returning = new ArrayList<>(2);
    for (Slot<T> slot : state.rack.slots()) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.RETURNING) {
        returning.add(new Sighting<>(slot, seen));
      } else {
        placement.offerIfIdle(slot, seen);
      }
    }
    for (Sighting<T> sighting : returning) {
      if (!watch(sighting, waiter, deadline)) {
        return;
      }
      Slot<T> slot = sighting.slot();
      placement.offerIfIdle(slot, slot.state());
    }
    state.lock.lock();
    try {
      state.queue.settledBy(waiter);
    } finally {
      state.lock.unlock();
    }
  }

  /**
   * @return whether the slot's state changed before the wait ended for another reason
   */
  private boolean watch(Sighting<T> sighting, Waiter<T> waiter, long deadline) {
    long pause = 1;
    for (int spins = 0; sighting.isCurrent(); spins++) {
      if (waiter.outcome != null
          || Thread.currentThread().isInterrupted()
          || deadline - nanoTime.getAsLong() <= 0) {
        return false;
      }
      if (spins < WATCH_SPINS) {
        Thread.onSpinWait();
      } else {
        if (spins == WATCH_SPINS) {
          creations.start(0);
        }
        LockSupport.parkNanos(this, pause);
        pause = Math.min(2 * pause, WATCH_PAUSE_MAX_NANOS);
      }
    }
    return true;
  }
}
