package io.gonext.pool;

import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates instances on worker threads for the floor and the waiters. The pool's maximum, the limit
 * on concurrent creations, the memory budget and the pause after a failure bound it.
 *
 * <p>A slot is reserved under the pool's lock before its creation starts. Every path out of the
 * creation fills or frees it, so capacity is not lost. Calls the allocator and the governor without
 * locks.
 */
final class Creations<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Creations.class);
  private static final int MAX_BACKOFF_DOUBLINGS = 6;
  private static final long BUDGET_RETRY_NANOS = 10_000_000;

  /** A far future that does not overflow when it is added to a clock's reading. */
  private static final long MAX_PAUSE_NANOS = Long.MAX_VALUE >> 2;

  private final PoolState<T> state;
  private final Returns<T> returns;
  private final Placement<T> placement;
  private final Upkeep upkeep;
  private final PoolConfig config;
  private final Allocator<T> allocator;
  private final PoolRuntime runtime;

  /** The weight of the last instance; the next creation reserves as much. */
  private volatile long usualWeight;

  /** Whether the last creation for a waiting caller was refused because the budget was used up. */
  private volatile boolean overBudget;

  Creations(
      PoolState<T> state,
      Returns<T> returns,
      Placement<T> placement,
      Upkeep upkeep,
      PoolConfig config,
      Allocator<T> allocator,
      PoolRuntime runtime) {
    this.state = state;
    this.returns = returns;
    this.placement = placement;
    this.upkeep = upkeep;
    this.config = config;
    this.allocator = allocator;
    this.runtime = runtime;
  }

  /** A reserved slot, and whether a caller rather than the floor needs its instance. */
  private record Reserved<T>(Slot<T> slot, boolean awaited) {}

  /**
   * Creates one instance on the calling thread while the pool starts. The budget does not limit it.
   *
   * @return what the allocator threw, or null
   */
  @Nullable Throwable createFirst() {
    Slot<T> slot;
    state.lock.lock();
    try {
      slot = occupyVacant();
    } finally {
      state.lock.unlock();
    }
    Throwable failure = construct(slot, 0);
    if (failure != null) {
      giveUp(slot, 0, failure);
      upkeep.checkTerminated();
    }
    return failure;
  }

  /**
   * Starts the creations that are needed and allowed.
   *
   * @param expectedCallers callers who need an instance and are not in the queue; ignored in a
   *     closing pool
   */
  void start(int expectedCallers) {
    int expected = expectedCallers;
    while (true) {
      Reserved<T> reserved = reserve(expected);
      if (reserved == null) {
        return;
      }
      // This creation is for one of them, even if it ends before the next round.
      expected = Math.max(0, expected - 1);
      Slot<T> slot = reserved.slot();
      long weight = usualWeight;
      if (runtime.governor().tryReserve(weight, reserved.awaited())) {
        overBudget = false;
        try {
          runtime.workers().execute(() -> run(slot, weight));
        } catch (Throwable t) {
          fail(slot, weight, t);
          return;
        }
      } else {
        unreserve(slot);
        // Check again after the slot is free: an announcement before that found no slot.
        if (!runtime.governor().hasRoomElseAnnounce(weight)) {
          refusedBudget(reserved.awaited());
          return;
        }
      }
    }
  }

  private void refusedBudget(boolean awaited) {
    if (awaited && !overBudget) {
      overBudget = true;
      upkeep.wakeReaper();
    }
  }

  /**
   * How long to wait before needed creations are tried again. The pause after a failure holds them
   * up, or the budget: an instance that becomes idle, and so can be evicted, is not announced.
   *
   * @return nanoseconds; {@link Long#MAX_VALUE} when nothing holds a creation up
   */
  long nanosToRetry() {
    state.lock.lock();
    try {
      Population population = state.population;
      boolean wanting = population.live < population.min || state.queue.size() > 0;
      long now = runtime.nanoTime().getAsLong();
      if (wanting && population.pauses(now)) {
        return population.retryAt - now;
      }
      return state.queue.size() > 0 && overBudget ? BUDGET_RETRY_NANOS : Long.MAX_VALUE;
    } finally {
      state.lock.unlock();
    }
  }

  private @Nullable Reserved<T> reserve(int expectedCallers) {
    state.lock.lock();
    try {
      Population population = state.population;
      int callers = state.queue.size() + (state.isClosing() ? 0 : expectedCallers);
      boolean awaited = callers > population.creating;
      boolean belowFloor =
          !state.isClosing() && population.live + population.creating < population.min;
      boolean wanted = state.allowsCreation() && (awaited || belowFloor);
      if (!wanted
          || population.occupied() >= population.max
          || population.creating >= config.maxConcurrentCreations()
          || population.pauses(runtime.nanoTime().getAsLong())) {
        return null;
      }
      return new Reserved<>(occupyVacant(), awaited);
    } finally {
      state.lock.unlock();
    }
  }

  /** Call under the pool's lock, when at least one slot is vacant. */
  private Slot<T> occupyVacant() {
    for (Slot<T> slot : state.rack.slots()) {
      if (SlotState.phase(slot.state()) == SlotState.VACANT) {
        slot.moveTo(SlotState.CREATING);
        slot.enteredAt = runtime.nanoTime().getAsLong();
        state.population.creating++;
        return slot;
      }
    }
    throw new IllegalStateException("fewer slots than the population allows");
  }

  private void unreserve(Slot<T> slot) {
    state.lock.lock();
    try {
      slot.moveTo(SlotState.VACANT);
      state.population.creating--;
    } finally {
      state.lock.unlock();
    }
    upkeep.checkTerminated();
  }

  private void run(Slot<T> slot, long reservedBytes) {
    Throwable failure = construct(slot, reservedBytes);
    if (failure != null) {
      fail(slot, reservedBytes, failure);
    }
  }

  /**
   * Calls the allocator for a reserved slot, and puts the instance into service.
   *
   * @return what the allocator threw, or null
   */
  private @Nullable Throwable construct(Slot<T> slot, long reservedBytes) {
    CreateEvent event = new CreateEvent();
    event.begin();
    long began = runtime.nanoTime().getAsLong();
    Throwable failure = null;
    T instance = null;
    long weight = 0;
    try {
      returns.tether(slot);
      instance = Objects.requireNonNull(allocator.create(), "the allocator created null");
      weight = allocator.weightBytes(instance);
    } catch (Throwable t) {
      failure = t;
    }
    long took = runtime.nanoTime().getAsLong() - began;
    event.end();
    if (instance != null && failure == null) {
      adopt(slot, instance, weight, reservedBytes);
    } else if (instance != null && failure != null) {
      closeUnweighed(instance, failure);
    }
    state.observer().creationTook(took);
    if (event.shouldCommit()) {
      event.pool = config.name();
      event.weight = weight;
      event.failure = failure == null ? null : failure.getClass().getName();
      event.commit();
    }
    return failure;
  }

  /** Closes an instance that did not enter service because its weight could not be read. */
  private void closeUnweighed(T instance, Throwable failure) {
    try {
      allocator.close(instance);
    } catch (Throwable t) {
      failure.addSuppressed(t);
    }
  }

  private void adopt(Slot<T> slot, T instance, long weight, long reservedBytes) {
    slot.value = instance;
    slot.weigh(weight);
    slot.lastToken = slot.tokenAfter(config.maxUses());
    slot.createdAt = runtime.nanoTime().getAsLong();
    slot.leasesBefore = SlotState.version(slot.state());
    slot.expiresAt = slot.createdAt + jitteredMaxAge();
    usualWeight = weight;
    placement.addBytes(weight);
    boolean starting;
    state.lock.lock();
    try {
      slot.moveTo(SlotState.RETURNING);
      // The version may be that of the last lease of the instance before this one.
      slot.lookedAt = SlotState.NO_LEASE;
      state.population.created();
      starting = !state.allowsCreation();
    } finally {
      state.lock.unlock();
    }
    if (weight > reservedBytes) {
      runtime.governor().grew(weight - reservedBytes, !starting);
    }
    placement.offer(slot);
    if (weight < reservedBytes) {
      runtime.governor().freed(reservedBytes - weight);
    }
    start(0);
  }

  private long jitteredMaxAge() {
    long maxAge = PoolConfig.saturatedNanos(config.maxAge());
    if (maxAge == 0) {
      return PoolConfig.saturatedNanos(Duration.ofSeconds(Long.MAX_VALUE));
    }
    return maxAge - runtime.jitter().nextLong(maxAge / 10 + 1);
  }

  /** Passes the failure to the first waiter; logs it when there is none. */
  private void fail(Slot<T> slot, long reservedBytes, Throwable failure) {
    Waiter<T> waiter = giveUp(slot, reservedBytes, failure);
    if (waiter != null) {
      LockSupport.unpark(waiter.thread);
    } else {
      LOG.warn("pool {}: an instance could not be created", config.name(), failure);
    }
    upkeep.wakeReaper();
    upkeep.checkTerminated();
  }

  /** Frees what a failed creation reserved, starts the pause, and ends the first wait. */
  private @Nullable Waiter<T> giveUp(Slot<T> slot, long reservedBytes, Throwable failure) {
    Waiter<T> waiter;
    state.lock.lock();
    try {
      slot.moveTo(SlotState.VACANT);
      Population population = state.population;
      int doublings = Math.min(population.failuresInARow, MAX_BACKOFF_DOUBLINGS);
      long pause =
          Math.min(
                  PoolConfig.saturatedNanos(config.creationBackoff()), MAX_PAUSE_NANOS >> doublings)
              << doublings;
      long jitter = runtime.jitter().nextLong(pause / 4 + 1);
      population.creationFailed(runtime.nanoTime().getAsLong() + pause - jitter);
      waiter = state.queue.poll();
      if (waiter != null) {
        state.updateAttention();
        waiter.outcome = new Waiter.Outcome.Failed<>(failure);
      }
    } finally {
      state.lock.unlock();
    }
    if (reservedBytes > 0) {
      runtime.governor().freed(reservedBytes);
    }
    return waiter;
  }
}
