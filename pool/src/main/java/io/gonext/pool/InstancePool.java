package io.gonext.pool;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded pool of expensive instances, each used by one lease at a time.
 *
 * <p>Safe for use by any number of platform and virtual threads. Callers are served from idle
 * instances, warm ones first; otherwise they wait, first come first served, for whichever comes
 * first of a returned instance and a new one. A caller that arrives while others wait joins the end
 * of the queue; only an instance that is being returned at the very moment at which the first
 * waiter arrives may still go to a caller that came later.
 *
 * <p>An uncontended checkout and return is two compare-and-sets on one cache line and a release
 * store: no lock, no clock, no counter. Everything else runs under {@link #lock}, which is never
 * held while waiting, while calling the allocator, or while calling the {@link MemoryGovernor}.
 *
 * @param <T> what is pooled
 */
public final class InstancePool<T> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InstancePool.class);

  /** Set in {@link #attention} from the moment the pool stops giving out leases. */
  private static final int CLOSING = 1 << 30;

  /**
   * Entries in {@link #hints}; a power of two, well above the threads that can run at once. Fixed,
   * so that a million virtual threads cost the pool nothing.
   */
  private static final int HINTS = 256;

  /** Slots that are searched in less time than hints on return take in all. */
  private static final int FEW_SLOTS = 16;

  private enum Phase {
    NEW,
    STARTING,
    RUNNING,
    DRAINING,
    CLOSED
  }

  private final PoolConfig config;
  private final Allocator<T> allocator;
  private final PoolRuntime runtime;
  private final Ticker ticker;
  private final boolean leakTracking;
  private final long recycleAtBytes;

  /**
   * By thread id, the slot that the thread (or one that shares the entry) searched out last, or
   * returned last to a {@link #large} pool. Racy on purpose: a stale entry costs a search. Written
   * only when it changes, so that in a steady state every thread reads it from its own cache.
   */
  private final Slot<T>[] hints;

  /** Whether there are so many slots that a return had better leave a hint. As {@link #slots}. */
  private volatile boolean large;

  /** All slots; grows under {@link #lock}, never shrinks, so that versions keep adding up. */
  private volatile Slot<T>[] slots;

  /** The number of waiters, and {@link #CLOSING}: zero when a return has nobody to think of. */
  private volatile int attention;

  /** Guards population, waiters and phase changes. A leaf: nothing is called out under it. */
  final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}. */
  final WaiterQueue<T> queue = new WaiterQueue<>();

  /** Guarded by {@link #lock}. */
  final Population population;

  /** Written under {@link #lock}. */
  private volatile Phase phase = Phase.NEW;

  /** Instances recycled before the pool stopped giving out leases. Guarded by {@link #lock}. */
  private long recycledBeforeClosing;

  private final AtomicLong bytes = new AtomicLong();

  private final LongAdder checkoutErrors = new LongAdder();
  private final LongAdder doubleReturns = new LongAdder();
  private final LongAdder allocatorErrors = new LongAdder();

  private volatile PoolObserver observer = PoolObserver.NONE;
  private final WaitingLine<T> line;
  private final Creations<T> creations;
  private final Evictions<T> evictions;
  private final Reaper<T> reaper;
  private final CompletableFuture<CloseReport> terminated = new CompletableFuture<>();

  /** A pool with a runtime of its own. Call {@link #start} before the first checkout. */
  public InstancePool(PoolConfig config, Allocator<T> allocator) {
    this(config, allocator, PoolRuntime.system());
  }

  /** A pool on a runtime that it may share. Call {@link #start} before the first checkout. */
  public InstancePool(PoolConfig config, Allocator<T> allocator, PoolRuntime runtime) {
    this.config = Objects.requireNonNull(config);
    this.allocator = Objects.requireNonNull(allocator);
    this.runtime = Objects.requireNonNull(runtime);
    this.ticker = runtime.ticker();
    this.leakTracking = config.leakTracking();
    this.recycleAtBytes = config.recycleAtBytes() == 0 ? Long.MAX_VALUE : config.recycleAtBytes();
    this.population = new Population(config.minInstances(), config.maxInstances());
    this.slots = grown(newSlotArray(0), config.maxInstances());
    this.large = slots.length > FEW_SLOTS;
    this.hints = newSlotArray(HINTS);
    Arrays.fill(hints, slots[0]);
    this.line = new WaitingLine<>(this, config, ticker);
    this.creations = new Creations<>(this, config, allocator, runtime);
    this.evictions = new Evictions<>(this, ticker);
    this.reaper = new Reaper<>(this, config, runtime);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static <T> Slot<T>[] newSlotArray(int length) {
    return (Slot<T>[]) new Slot[length];
  }

  private Slot<T>[] grown(Slot<T>[] before, int length) {
    Slot<T>[] after = newSlotArray(length);
    System.arraycopy(before, 0, after, 0, before.length);
    for (int i = before.length; i < length; i++) {
      after[i] = new Slot<>(this, i);
      attachTether(after[i]);
    }
    return after;
  }

  /** Gives a slot that the caller owns a new tether, and has the cleaner watch it. */
  private void attachTether(Slot<T> slot) {
    Tether<T> tether = new Tether<>(slot);
    slot.tetherWatch = runtime.cleaner().register(tether, () -> reclaim(slot));
    slot.tether = tether;
  }

  /**
   * Makes {@link PoolConfig#minInstances} instances, on the calling thread, and opens the pool.
   * They are made even when the memory budget is used up; idle instances elsewhere make room.
   *
   * @throws AllocationException when the first of them cannot be made; the pool is closed then. A
   *     failure of a later one is logged, and the reaper tries again
   * @throws IllegalStateException when the pool was started or closed before
   */
  public void start() {
    lock.lock();
    try {
      if (phase != Phase.NEW) {
        throw new IllegalStateException("pool " + config.name() + " is " + phase);
      }
      phase = Phase.STARTING;
    } finally {
      lock.unlock();
    }
    runtime.governor().register(this);
    reaper.start();
    for (int i = 0; i < config.minInstances() && phase == Phase.STARTING; i++) {
      Throwable failure = creations.createFirst();
      if (failure != null && i == 0) {
        close(Duration.ZERO);
        throw new AllocationException(
            "pool " + config.name() + " could not create its first instance", failure);
      }
      if (failure != null) {
        LOG.warn("pool {}: an instance of the floor could not be created", config.name(), failure);
      }
    }
    lock.lock();
    try {
      if (phase != Phase.STARTING) {
        runtime.governor().deregister(this);
        throw new IllegalStateException("pool " + config.name() + " was closed while it started");
      }
      phase = Phase.RUNNING;
    } finally {
      lock.unlock();
    }
    maintain();
  }

  /**
   * Takes an instance, waiting for one if need be.
   *
   * @param timeout how long to wait at most; zero or less to take only what is idle
   * @throws CheckoutTimeoutException when the time has passed
   * @throws PoolSaturatedException at once, when {@link PoolConfig#maxWaiters} are waiting already
   * @throws PoolClosedException when the pool is closed or draining, or closes during the wait
   * @throws AllocationException when the creation of an instance failed and this caller was the
   *     first in the queue
   * @throws InterruptedException when the thread is interrupted while it waits; an idle instance is
   *     given out without a look at the interrupt
   * @throws IllegalStateException before {@link #start}
   */
  public Lease<T> checkout(Duration timeout) throws InterruptedException {
    Slot<T> slot = hints[hint()];
    long token = slot.tryLeaseWarm();
    if (isRefused(token)) {
      Slot<T> other = claimElsewhere(slot, token);
      if (other == null) {
        long now = ticker.nanos();
        other = await(now, now + Deadline.saturatedNanos(timeout));
      }
      slot = other;
      token = slot.token();
    }
    return lease(slot, token);
  }

  /** As {@link #checkout(Duration)}, waiting until a deadline on the pool's ticker. */
  public Lease<T> checkout(Deadline deadline) throws InterruptedException {
    Slot<T> slot = hints[hint()];
    long token = slot.tryLeaseWarm();
    if (isRefused(token)) {
      Slot<T> other = claimElsewhere(slot, token);
      slot = other == null ? await(ticker.nanos(), deadline.nanos()) : other;
      token = slot.token();
    }
    return lease(slot, token);
  }

  /**
   * Takes an instance if one is idle; never waits. When none is and the pool is below its maximum,
   * one is made in the background for a later call.
   *
   * @throws PoolClosedException when the pool is closed or draining
   * @throws IllegalStateException before {@link #start}
   */
  public Optional<Lease<T>> tryCheckout() {
    Slot<T> slot = hints[hint()];
    long token = slot.tryLeaseWarm();
    if (isRefused(token)) {
      Slot<T> other = claimElsewhere(slot, token);
      if (other == null) {
        requireOpen();
        creations.start(1);
        return Optional.empty();
      }
      slot = other;
      token = slot.token();
    }
    return Optional.of(lease(slot, token));
  }

  private static int hint() {
    return (int) Thread.currentThread().threadId() & (HINTS - 1);
  }

  /**
   * Whether a claim came to nothing, or to an instance of a pool that gives out none: a return that
   * overlaps a close may leave one idle for a moment, so the pool's state is looked at afterwards.
   */
  private boolean isRefused(long token) {
    return token == SlotState.NO_LEASE || attention >= CLOSING;
  }

  /**
   * Takes any idle instance, after a claim of the hinted one was refused; null if none is to be
   * had.
   */
  private @Nullable Slot<T> claimElsewhere(Slot<T> hinted, long token) {
    Slot<T> claimed = token == SlotState.NO_LEASE ? search() : hinted;
    if (claimed != null && attention >= CLOSING) {
      claimed.cancelLease();
      offer(claimed);
      return null;
    }
    return claimed;
  }

  /** The lease on a slot whose current lease, with this token, belongs to the calling thread. */
  private Lease<T> lease(Slot<T> slot, long token) {
    if (leakTracking) {
      slot.takenAt = new Throwable("lease taken by " + Thread.currentThread());
    }
    Tether<T> tether = slot.tether;
    slot.tether = null;
    if (tether == null) {
      throw new IllegalStateException("slot " + slot.index + " has no tether");
    }
    return new Lease<>(tether, token);
  }

  /**
   * Takes an idle instance from anywhere, a warm one if there is one. Starts where the thread last
   * found one, so that a search passes over few slots unless most are taken.
   */
  private @Nullable Slot<T> search() {
    if (attention != 0) {
      // Others wait already: an instance that is idle now is on its way to the first of them.
      return null;
    }
    int hint = hint();
    Slot<T>[] all = slots;
    int start = hints[hint].index;
    boolean anyCold = false;
    for (int i = start; i < start + all.length; i++) {
      Slot<T> slot = all[i < all.length ? i : i - all.length];
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE) {
        if (SlotState.isCold(seen)) {
          anyCold = true;
        } else if (slot.tryLease(seen)) {
          hints[hint] = slot;
          return slot;
        }
      }
    }
    return anyCold ? searchCold(all, hint) : null;
  }

  private @Nullable Slot<T> searchCold(Slot<T>[] all, int hint) {
    for (Slot<T> slot : all) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE && slot.tryLease(seen)) {
        hints[hint] = slot;
        return slot;
      }
    }
    return null;
  }

  private void requireOpen() {
    if (phase.compareTo(Phase.RUNNING) < 0) {
      throw new IllegalStateException("pool " + config.name() + " has not been started");
    }
    if (phase != Phase.RUNNING) {
      checkoutErrors.increment();
      throw new PoolClosedException("pool " + config.name() + " is closed");
    }
  }

  private Slot<T> await(long now, long deadline) throws InterruptedException {
    requireOpen();
    try {
      return line.await(now, deadline);
    } catch (PoolException | InterruptedException e) {
      checkoutErrors.increment();
      throw e;
    }
  }

  // Return.

  void markUnusable(Slot<T> slot, long token, Throwable cause) {
    long seen = slot.state();
    while (SlotState.token(seen) == token && SlotState.reason(seen) != RecycleReason.TRAP) {
      slot.unusable = cause;
      if (slot.tryCondemn(seen, RecycleReason.TRAP)) {
        return;
      }
      seen = slot.state();
    }
  }

  void giveBack(Tether<T> tether, long token) {
    Slot<T> slot = tether.slot;
    if (slot.tryReturn(token)) {
      slot.tether = tether;
      settleReturned(slot, token);
    } else {
      giveBackCondemned(tether, token);
    }
  }

  private void settleReturned(Slot<T> slot, long token) {
    if (token >= slot.lastToken) {
      retire(slot, RecycleReason.MAX_USES);
      return;
    }
    T instance = slot.value;
    long weight;
    try {
      allocator.reset(Objects.requireNonNull(instance));
      weight = allocator.weightBytes(instance);
    } catch (Throwable t) {
      failedReset(slot, t);
      return;
    }
    if (weight == slot.weight && weight < recycleAtBytes && attention == 0) {
      if (large) {
        suggest(slot);
      }
      slot.publishReturned(token);
    } else {
      settleChanged(slot, weight);
    }
  }

  private void suggest(Slot<T> slot) {
    int hint = hint();
    if (hints[hint] != slot) {
      hints[hint] = slot;
    }
  }

  private void settleChanged(Slot<T> slot, long weight) {
    if (weight >= recycleAtBytes) {
      retire(slot, RecycleReason.MEMORY);
      return;
    }
    long growth = weight - slot.weight;
    slot.weight = weight;
    bytes.addAndGet(growth);
    offer(slot);
    if (growth > 0) {
      runtime.governor().grew(growth, true);
    } else if (growth < 0) {
      runtime.governor().freed(-growth);
    }
  }

  private void failedReset(Slot<T> slot, Throwable failure) {
    allocatorErrors.increment();
    LOG.warn("pool {}: an instance could not be reset and is retired", config.name(), failure);
    retire(slot, RecycleReason.ERROR);
  }

  private void giveBackCondemned(Tether<T> tether, long token) {
    Slot<T> slot = tether.slot;
    long seen = slot.state();
    while (SlotState.token(seen) == token) {
      RecycleReason reason = SlotState.reason(seen);
      if (slot.tryMove(seen, SlotState.RETURNING)) {
        slot.tether = tether;
        if (reason == null) {
          settleReturned(slot, token);
        } else {
          retire(slot, reason);
        }
        return;
      }
      seen = slot.state();
    }
    doubleReturns.increment();
  }

  /** Takes back a slot whose lease nobody can close any more. Runs on the cleaner's thread. */
  private void reclaim(Slot<T> slot) {
    long seen = slot.state();
    while (SlotState.phase(seen) == SlotState.LEASED) {
      if (slot.tryMove(seen, SlotState.RETURNING)) {
        attachTether(slot);
        LOG.warn(
            "pool {}: a lease was dropped without being closed{}",
            config.name(),
            leakTracking ? "; it was taken here" : " (leakTracking would tell where)",
            slot.takenAt);
        retire(slot, RecycleReason.LEAK);
        return;
      }
      seen = slot.state();
    }
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
   * Passes on a slot that the caller owns, with its instance: to the first waiter, else to the idle
   * ones; or retires it when the pool has too many or is closing.
   */
  void offer(Slot<T> slot) {
    Waiter<T> waiter = null;
    RecycleReason surplus = null;
    lock.lock();
    try {
      if (population.live > population.max) {
        surplus = RecycleReason.IDLE;
      } else if (queue.size() == 0 && isClosing()) {
        surplus = RecycleReason.CLOSE;
      } else {
        waiter = queue.poll();
      }
      if (surplus != null) {
        takeOut(slot, surplus);
      } else if (waiter == null) {
        slot.moveTo(SlotState.IDLE);
      } else {
        updateAttention();
        slot.leaseToWaiter();
        waiter.outcome = new Waiter.Outcome.Granted<>(slot);
      }
    } finally {
      lock.unlock();
    }
    if (surplus != null) {
      discard(slot, surplus);
    } else if (waiter != null) {
      LockSupport.unpark(waiter.thread);
    }
  }

  /** Retires the instance of a slot that the caller owns. */
  void retire(Slot<T> slot, RecycleReason reason) {
    lock.lock();
    try {
      takeOut(slot, reason);
    } finally {
      lock.unlock();
    }
    discard(slot, reason);
  }

  /**
   * Retires the instance of a slot that the caller owns if the floor stands without it, and offers
   * it otherwise.
   *
   * @return whether it was retired
   */
  boolean retireIfSurplus(Slot<T> slot, RecycleReason reason) {
    boolean surplus;
    lock.lock();
    try {
      surplus = population.live > population.min;
      if (surplus) {
        takeOut(slot, reason);
      }
    } finally {
      lock.unlock();
    }
    if (surplus) {
      discard(slot, reason);
    } else {
      offer(slot);
    }
    return surplus;
  }

  /** Call under {@link #lock}, then {@link #discard} without it. */
  private void takeOut(Slot<T> slot, RecycleReason reason) {
    slot.moveTo(SlotState.RETIRING);
    population.retired(reason);
  }

  /** Has an instance closed that was {@linkplain #takeOut taken out} of the accounts. */
  private void discard(Slot<T> slot, RecycleReason reason) {
    long weight = slot.weight;
    bytes.addAndGet(-weight);
    RecycleEvent event = new RecycleEvent();
    if (event.shouldCommit()) {
      event.pool = config.name();
      event.reason = reason.tag();
      event.commit();
    }
    Throwable cause = slot.unusable;
    if (cause != null) {
      LOG.debug("pool {}: an instance was declared unusable", config.name(), cause);
    }
    submit(() -> dispose(slot));
    runtime.governor().freed(weight);
  }

  private void dispose(Slot<T> slot) {
    T instance = slot.value;
    slot.value = null;
    slot.unusable = null;
    slot.takenAt = null;
    slot.weight = 0;
    try {
      allocator.close(Objects.requireNonNull(instance));
    } catch (Throwable t) {
      allocatorErrors.increment();
      LOG.warn("pool {}: an instance could not be closed properly", config.name(), t);
    }
    lock.lock();
    try {
      slot.moveTo(SlotState.VACANT);
      population.retiring--;
    } finally {
      lock.unlock();
    }
    maintain();
    checkTerminated();
  }

  /** Runs a task on a worker, or here when there is none to be had: better slow than lost. */
  private void submit(Runnable task) {
    try {
      runtime.workers().execute(task);
    } catch (Throwable t) {
      LOG.warn("pool {}: no worker thread; the caller closes the instance", config.name(), t);
      task.run();
    }
  }

  // What the parts of the pool need of each other.

  /** Starts the creations that the floor and the waiters call for. */
  void maintain() {
    creations.start(0);
  }

  Slot<T>[] slots() {
    return slots;
  }

  PoolObserver observer() {
    return observer;
  }

  Evictions<T> evictions() {
    return evictions;
  }

  void addBytes(long weight) {
    bytes.addAndGet(weight);
  }

  void wakeReaper() {
    reaper.wake();
  }

  /** Has the reaper come back when creations are to be tried again, if they are held up. */
  void wakeReaperIfHeldUp() {
    if (nanosToRetry() < Long.MAX_VALUE) {
      reaper.wake();
    }
  }

  /** How long until creations that somebody needs are worth another try, if they are held up. */
  long nanosToRetry() {
    lock.lock();
    try {
      boolean wanting = population.live < population.min || queue.size() > 0;
      long now = ticker.nanos();
      if (wanting && population.pauses(now)) {
        return population.retryAt - now;
      }
      return queue.size() > 0 ? creations.nanosToBudgetRetry() : Long.MAX_VALUE;
    } finally {
      lock.unlock();
    }
  }

  boolean isAboveFloor() {
    return aliveAbove(true) > 0;
  }

  /** How many instances there are above the maximum. */
  int surplus() {
    return aliveAbove(false);
  }

  private int aliveAbove(boolean floor) {
    lock.lock();
    try {
      return population.live - (floor ? population.min : population.max);
    } finally {
      lock.unlock();
    }
  }

  boolean isClosing() {
    return phase.compareTo(Phase.DRAINING) >= 0;
  }

  boolean allowsCreation() {
    return phase == Phase.RUNNING || phase == Phase.DRAINING;
  }

  // Bounds, closing, numbers.

  /**
   * Changes the bounds. Instances above the new maximum are retired, idle ones at once and those in
   * use when they come back; no lease is cut short. Does nothing to a closed pool.
   *
   * @throws IllegalArgumentException unless {@code 0 <= min <= max} and {@code max >= 1}
   */
  public void resize(int min, int max) {
    PoolConfig.checkBounds(min, max);
    lock.lock();
    try {
      if (isClosing()) {
        return;
      }
      if (max > slots.length) {
        slots = grown(slots, max);
        large = slots.length > FEW_SLOTS;
      }
      population.min = min;
      population.max = max;
    } finally {
      lock.unlock();
    }
    evictions.trim();
    maintain();
  }

  /**
   * Refuses new checkouts and lets the old work finish: callers that wait already are still served,
   * instances are closed as they come back, and there is no time limit. Does not block.
   *
   * @return completes when the last instance is closed
   */
  public CompletableFuture<CloseReport> drain() {
    shut(Phase.DRAINING);
    return terminated.copy();
  }

  /** As {@link #close(Duration)}, with {@link PoolConfig#closeTimeout}. */
  @Override
  public void close() {
    close(config.closeTimeout());
  }

  /**
   * Refuses new checkouts, fails all waiters with {@link PoolClosedException}, waits for leases to
   * come back and closes every instance. Those that did not come back in time are closed when they
   * do. A second call changes nothing and does not wait. When the thread is interrupted the wait
   * ends early and the interrupt is kept.
   */
  public CloseReport close(Duration timeout) {
    if (shut(Phase.CLOSED)) {
      try {
        return terminated.get(Deadline.saturatedNanos(timeout), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (TimeoutException e) {
        CloseReport report = report();
        LOG.warn("pool {}: closed before all came back: {}", config.name(), report.stragglers());
        return report;
      } catch (ExecutionException e) {
        throw new IllegalStateException("termination never completes with a failure", e);
      }
    }
    return report();
  }

  private boolean shut(Phase target) {
    List<Waiter<T>> turnedAway = new ArrayList<>();
    lock.lock();
    try {
      if (phase.compareTo(target) >= 0) {
        return false;
      }
      if (!isClosing()) {
        recycledBeforeClosing = population.recycledTotal();
      }
      phase = target;
      while (target == Phase.CLOSED && queue.size() > 0) {
        Waiter<T> waiter = Objects.requireNonNull(queue.poll());
        waiter.outcome = new Waiter.Outcome.Closed<>();
        turnedAway.add(waiter);
      }
      updateAttention();
    } finally {
      lock.unlock();
    }
    turnedAway.forEach(waiter -> LockSupport.unpark(waiter.thread));
    if (evictions.sweep()) {
      reaper.wake();
    }
    checkTerminated();
    return true;
  }

  /** Ends a closing pool that has nothing left. */
  void checkTerminated() {
    lock.lock();
    try {
      if (!isClosing() || population.occupied() > 0 || queue.size() > 0) {
        return;
      }
    } finally {
      lock.unlock();
    }
    if (terminated.complete(report())) {
      reaper.stop();
      runtime.governor().deregister(this);
      // The cleaner outlives the pool and would keep it reachable through its slots.
      for (Slot<T> slot : slots) {
        slot.releaseTetherWatch();
      }
    }
  }

  /** Call under {@link #lock} after the queue or the phase changed. */
  void updateAttention() {
    attention = queue.size() | (isClosing() ? CLOSING : 0);
  }

  private CloseReport report() {
    lock.lock();
    try {
      List<String> stragglers = new ArrayList<>();
      for (Slot<T> slot : slots) {
        String line = slot.straggler();
        if (line != null) {
          stragglers.add(line);
        }
      }
      return new CloseReport(population.recycledTotal() - recycledBeforeClosing, stragglers);
    } finally {
      lock.unlock();
    }
  }

  /** The pool's numbers now; takes the lock and looks at every slot. */
  public PoolStats stats() {
    lock.lock();
    try {
      int idle = 0;
      for (Slot<T> slot : slots) {
        idle += SlotState.phase(slot.state()) == SlotState.IDLE ? 1 : 0;
      }
      idle = Math.min(idle, population.live);
      Waiter<T> first = queue.head();
      return new PoolStats(
          config.name(),
          population.min,
          population.max,
          population.live,
          idle,
          population.live - idle,
          population.creating,
          population.retiring,
          queue.size(),
          Duration.ofNanos(first == null ? 0 : Math.max(0, ticker.nanos() - first.since)),
          population.created,
          population.creationFailures,
          population.recycled,
          checkouts(),
          checkoutErrors.sum(),
          doubleReturns.sum(),
          allocatorErrors.sum(),
          reaper.failures(),
          bytes.get());
    } finally {
      lock.unlock();
    }
  }

  private long checkouts() {
    long sum = 0;
    for (Slot<T> slot : slots) {
      sum += SlotState.version(slot.state());
    }
    return sum;
  }

  /** Where measured durations go from now on. */
  void observe(PoolObserver observer) {
    this.observer = observer;
  }

  /** Runs {@code action} once the last instance is closed; at once if it is. */
  void whenTerminated(Runnable action) {
    var _ = terminated.thenRun(action);
  }

  /** One pass of the reaper, for tests that drive the clock. */
  void reap() {
    reaper.pass();
  }
}
