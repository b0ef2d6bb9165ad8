package io.gonext.pool;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A bounded pool of expensive instances, each used by one lease at a time.
 *
 * <p>Safe for use by any number of platform and virtual threads. A caller gets an idle instance, a
 * recently used one if possible. When none is idle, callers wait in the order of arrival for a
 * returned or a new instance. A caller that arrives while others wait joins the end of the queue.
 * There is one exception: an instance that is being returned while the first waiter arrives may go
 * to a later caller.
 *
 * <p>An uncontended checkout and return takes two compare-and-sets on one cache line and a release
 * store. It takes no lock, reads no clock and updates no counter. Everything else runs under the
 * lock of {@link PoolState}.
 *
 * @param <T> what is pooled
 */
public final class InstancePool<T> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(InstancePool.class);

  private final PoolConfig config;
  private final PoolRuntime runtime;
  private final LongSupplier nanoTime;
  private final boolean leakTracking;

  private final PoolState<T> state;
  private final Rack<T> rack;
  private final Placement<T> placement;
  private final Returns<T> returns;
  private final Creations<T> creations;
  private final Evictions<T> evictions;
  private final Reaper<T> reaper;
  private final Closing<T> closing;
  private final WaitingLine<T> line;
  private final Snapshots<T> snapshots;
  private final LongAdder checkoutErrors = new LongAdder();

  /** Makes a pool with its own runtime. Call {@link #start} before the first checkout. */
  public InstancePool(PoolConfig config, Allocator<T> allocator) {
    this(config, allocator, PoolRuntime.system());
  }

  /**
   * Makes a pool on a runtime that other pools may share. Call {@link #start} before the first
   * checkout.
   */
  public InstancePool(PoolConfig config, Allocator<T> allocator, PoolRuntime runtime) {
    Objects.requireNonNull(allocator);
    this.config = Objects.requireNonNull(config);
    this.runtime = Objects.requireNonNull(runtime);
    this.nanoTime = runtime.nanoTime();
    this.leakTracking = config.leakTracking();
    this.state = new PoolState<>(config);
    this.rack = state.rack;
    Upkeep upkeep = new PartsUpkeep();
    this.placement = new Placement<>(state, upkeep, config, allocator, runtime);
    this.returns = new Returns<>(state, placement, config, allocator, runtime);
    rack.growTo(returns, config.maxInstances());
    this.creations = new Creations<>(state, returns, placement, upkeep, config, allocator, runtime);
    this.evictions = new Evictions<>(state, placement, nanoTime);
    this.reaper = new Reaper<>(state, creations, evictions, config, runtime);
    this.closing = new Closing<>(this, state, evictions, reaper, config, runtime);
    this.line =
        new WaitingLine<>(state, creations, placement, upkeep, this::stats, config, nanoTime);
    this.snapshots = new Snapshots<>(state, nanoTime, this::stats);
  }

  /**
   * Makes {@link PoolConfig#minInstances} instances, on the calling thread, and opens the pool. The
   * pool makes them even when the memory budget is used up; idle instances of other pools are
   * evicted for them.
   *
   * @throws AllocationException when the first instance cannot be made; the pool is then closed.
   *     When a later one cannot be made, the failure is logged and the reaper tries again
   * @throws IllegalStateException when the pool was started or closed before
   */
  public void start() {
    closing.beginStart();
    runtime.governor().register(this);
    reaper.start();
    for (int i = 0; i < state.floor() && closing.isStarting(); i++) {
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
    try {
      closing.endStart();
    } catch (IllegalStateException e) {
      runtime.governor().deregister(this);
      throw e;
    }
    maintain();
  }

  /**
   * Takes an instance; waits for one when none is idle.
   *
   * @param timeout the longest wait; zero or less takes only an idle instance
   * @throws CheckoutTimeoutException when the time has passed
   * @throws PoolSaturatedException at once, when {@link PoolConfig#maxWaiters} are waiting already
   * @throws PoolClosedException when the pool is closed or draining, or closes during the wait
   * @throws AllocationException when the creation of an instance failed and this caller was the
   *     first in the queue
   * @throws InterruptedException when the thread is interrupted while it waits; an interrupted
   *     thread still gets an idle instance
   * @throws IllegalStateException before {@link #start}
   */
  public Lease<T> checkout(Duration timeout) throws InterruptedException {
    return checkout(timeout, WaitListener.NONE);
  }

  /**
   * As {@link #checkout(Duration)}, and tells a listener how long this call waited, if it had to.
   */
  public Lease<T> checkout(Duration timeout, WaitListener listener) throws InterruptedException {
    Slot<T> slot = rack.hinted();
    long seen = slot.state();
    Tether<T> tether = slot.tether;
    long token = slot.tryLeaseWarm(seen);
    if (isRefused(token)) {
      Slot<T> other = claimElsewhere(slot, token);
      if (other == null) {
        other = await(timeout, listener);
      }
      slot = other;
      token = slot.token();
      tether = slot.tether;
    }
    return lease(slot, tether, token);
  }

  /**
   * Takes an instance if one is idle; never waits. When none is idle and the pool is below its
   * maximum, a worker makes one for a later call.
   *
   * @throws PoolClosedException when the pool is closed or draining
   * @throws IllegalStateException before {@link #start}
   */
  public Optional<Lease<T>> tryCheckout() {
    Slot<T> slot = rack.hinted();
    long seen = slot.state();
    Tether<T> tether = slot.tether;
    long token = slot.tryLeaseWarm(seen);
    if (isRefused(token)) {
      Slot<T> other = claimElsewhere(slot, token);
      if (other == null) {
        requireOpen();
        creations.start(1);
        return Optional.empty();
      }
      slot = other;
      token = slot.token();
      tether = slot.tether;
    }
    return Optional.of(lease(slot, tether, token));
  }

  /**
   * Whether the claim failed or the pool refuses leases. A return that overlaps a close may leave
   * an instance idle for a moment, so the pool's state is read after the claim.
   */
  private boolean isRefused(long token) {
    return token == SlotState.NO_LEASE || state.isClosing();
  }

  /**
   * Takes any idle instance after the claim of the hinted one was refused; null when there is none.
   */
  private @Nullable Slot<T> claimElsewhere(Slot<T> hinted, long token) {
    Slot<T> claimed = hinted;
    if (token == SlotState.NO_LEASE) {
      // When callers wait already, an idle instance belongs to the first of them.
      claimed = state.isAwaited() ? null : rack.search();
    }
    if (claimed != null && state.isClosing()) {
      claimed.cancelLease();
      placement.offer(claimed);
      return null;
    }
    return claimed;
  }

  /**
   * The lease on a slot whose current lease, with this token, belongs to the calling thread.
   *
   * @param tether the slot's tether, read after the state that the compare-and-set claimed. A
   *     successful compare-and-set proves that it is current
   */
  private Lease<T> lease(Slot<T> slot, @Nullable Tether<T> tether, long token) {
    // This comes first: whatever fails from here on loses only the lease, and the cleaner finds it.
    slot.tether = null;
    if (tether == null) {
      throw new IllegalStateException("slot " + slot.index + " has no tether");
    }
    if (leakTracking) {
      slot.takenAt = new Throwable("lease taken by " + Thread.currentThread());
    }
    return new Lease<>(tether, token);
  }

  private void requireOpen() {
    if (!closing.isStarted()) {
      throw new IllegalStateException("pool " + config.name() + " has not been started");
    }
    if (!closing.isRunning()) {
      checkoutErrors.increment();
      throw new PoolClosedException("pool " + config.name() + " is closed");
    }
  }

  private Slot<T> await(Duration timeout, WaitListener listener) throws InterruptedException {
    requireOpen();
    long now = nanoTime.getAsLong();
    try {
      return line.await(now, now + PoolConfig.saturatedNanos(timeout));
    } catch (PoolException | InterruptedException e) {
      checkoutErrors.increment();
      throw e;
    } finally {
      listener.waited(nanoTime.getAsLong() - now);
    }
  }

  /**
   * Changes the bounds. Instances above the new maximum are retired: idle ones at once, leased ones
   * on return. Does nothing on a closed pool.
   *
   * @throws IllegalArgumentException unless {@code 0 <= min <= max} and {@code max >= 1}
   */
  public void resize(int min, int max) {
    PoolConfig.checkBounds(min, max);
    state.lock.lock();
    try {
      if (state.isClosing()) {
        return;
      }
      rack.growTo(returns, max);
      state.population.min = min;
      state.population.max = max;
    } finally {
      state.lock.unlock();
    }
    evictions.trim();
    maintain();
  }

  /**
   * Refuses new checkouts and lets the old work finish: callers that already wait are served, and
   * instances are closed when they are returned. There is no time limit. Does not block.
   *
   * @return completes when the last instance is closed
   */
  public CompletableFuture<CloseReport> drain() {
    return closing.drain();
  }

  /** As {@link #close(Duration)}, with {@link PoolConfig#closeTimeout}. */
  @Override
  public void close() {
    close(config.closeTimeout());
  }

  /**
   * Refuses new checkouts, fails all waiters with {@link PoolClosedException}, waits for leases to
   * be returned and closes every instance. An instance that is returned after the timeout is closed
   * then. A second call changes nothing and does not wait. When the thread is interrupted, the wait
   * ends early and the interrupt status stays set.
   */
  public CloseReport close(Duration timeout) {
    return closing.close(timeout);
  }

  /** The pool's numbers now. Takes the lock and reads every slot. */
  public PoolStats stats() {
    return stats(-1);
  }

  /**
   * The pool's numbers, instances and waiting callers now. Takes the lock and reads every slot, as
   * {@link #stats} does. A checkout that finds an idle instance, and its return, do not wait for
   * it.
   */
  public PoolSnapshot snapshot() {
    return snapshots.take();
  }

  /**
   * @param idleSeen the number of idle instances, if the caller counted them under the lock; -1
   *     otherwise
   */
  private PoolStats stats(int idleSeen) {
    state.lock.lock();
    try {
      Population population = state.population;
      int idle = idleSeen < 0 ? rack.idle() : idleSeen;
      Waiter<T> first = state.queue.head();
      return new PoolStats(
          config.name(),
          population.min,
          population.max,
          population.live,
          idle,
          population.live - idle,
          population.creating,
          population.retiring,
          state.queue.size(),
          Duration.ofNanos(first == null ? 0 : Math.max(0, nanoTime.getAsLong() - first.since)),
          population.created,
          population.creationFailures,
          population.recycled,
          rack.leases(),
          checkoutErrors.sum(),
          returns.doubleReturns(),
          placement.allocatorErrors(),
          reaper.failures(),
          placement.bytes());
    } finally {
      state.lock.unlock();
    }
  }

  /** Connects the parts once all of them exist. */
  private final class PartsUpkeep implements Upkeep {

    @Override
    public void maintain() {
      InstancePool.this.maintain();
    }

    @Override
    public void wakeReaper() {
      reaper.wake();
    }

    @Override
    public void checkTerminated() {
      closing.checkTerminated();
    }
  }

  // What the governor and the metrics need.

  /** Starts the creations that the floor and the waiters need. */
  void maintain() {
    creations.start(0);
  }

  boolean isAboveFloor() {
    return state.isAboveFloor();
  }

  Evictions<T> evictions() {
    return evictions;
  }

  /** Sends measured durations to {@code observer} from now on. */
  void observe(PoolObserver observer) {
    state.observe(observer);
  }

  /** Runs {@code action} once the last instance is closed; at once if it is. */
  void whenTerminated(Runnable action) {
    closing.whenTerminated(action);
  }

  // What tests need.

  Rack<T> rack() {
    return rack;
  }

  long nanosToRetry() {
    return creations.nanosToRetry();
  }

  /** One pass of the reaper, for tests that drive the clock. */
  void reap() {
    reaper.pass();
  }
}
