package io.gonext.pool;

import io.gonext.pool.PoolState.Phase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The phases of a pool, from its start to its termination. */
final class Closing<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private final InstancePool<T> pool;
  private final PoolState<T> state;
  private final Evictions<T> evictions;
  private final Reaper<T> reaper;
  private final PoolConfig config;
  private final PoolRuntime runtime;

  /** Instances recycled before the pool began to refuse leases. Guarded by the pool's lock. */
  private long recycledBefore;

  private final CompletableFuture<CloseReport> terminated = new CompletableFuture<>();

  /**
   * @param pool the pool, as it is registered with the governor
   */
  Closing(
      InstancePool<T> pool,
      PoolState<T> state,
      Evictions<T> evictions,
      Reaper<T> reaper,
      PoolConfig config,
      PoolRuntime runtime) {
    this.pool = pool;
    this.state = state;
    this.evictions = evictions;
    this.reaper = reaper;
    this.config = config;
    this.runtime = runtime;
  }

  /**
   * Enters the start.
   *
   * @throws IllegalStateException when the pool was started or closed before
   */
  void beginStart() {
    state.lock.lock();
    try {
      if (state.phase() != Phase.NEW) {
        throw new IllegalStateException("pool " + config.name() + " is " + state.phase());
      }
      state.enter(Phase.STARTING);
    } finally {
      state.lock.unlock();
    }
  }

  boolean isStarting() {
    return state.phase() == Phase.STARTING;
  }

  /**
   * Opens the pool.
   *
   * @throws IllegalStateException when it was closed while it started
   */
  void endStart() {
    state.lock.lock();
    try {
      if (state.phase() != Phase.STARTING) {
        throw new IllegalStateException("pool " + config.name() + " was closed while it started");
      }
      state.enter(Phase.RUNNING);
    } finally {
      state.lock.unlock();
    }
  }

  boolean isStarted() {
    return state.phase().compareTo(Phase.RUNNING) >= 0;
  }

  boolean isRunning() {
    return state.phase() == Phase.RUNNING;
  }

  /** As {@link InstancePool#drain}. */
  CompletableFuture<CloseReport> drain() {
    shut(Phase.DRAINING);
    return terminated.copy();
  }

  /** As {@link InstancePool#close(Duration)}. */
  CloseReport close(Duration timeout) {
    if (shut(Phase.CLOSED)) {
      try {
        return terminated.get(PoolConfig.saturatedNanos(timeout), TimeUnit.NANOSECONDS);
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
    state.lock.lock();
    try {
      if (state.phase().compareTo(target) >= 0) {
        return false;
      }
      if (!state.isClosing()) {
        recycledBefore = state.population.recycledTotal();
      }
      state.enter(target);
      while (target == Phase.CLOSED && state.queue.size() > 0) {
        Waiter<T> waiter = Objects.requireNonNull(state.queue.poll());
        waiter.outcome = new Waiter.Outcome.Closed<>();
        turnedAway.add(waiter);
      }
      state.updateAttention();
    } finally {
      state.lock.unlock();
    }
    turnedAway.forEach(waiter -> LockSupport.unpark(waiter.thread));
    if (evictions.sweep()) {
      reaper.wake();
    }
    checkTerminated();
    return true;
  }

  /** Terminates a closing pool without instances and waiters. */
  void checkTerminated() {
    state.lock.lock();
    try {
      if (!state.isClosing() || state.population.occupied() > 0 || state.queue.size() > 0) {
        return;
      }
    } finally {
      state.lock.unlock();
    }
    if (terminated.complete(report())) {
      reaper.stop();
      runtime.governor().deregister(pool);
      // The cleaner outlives the pool and would keep it reachable through its slots.
      for (Slot<T> slot : state.rack.slots()) {
        slot.releaseTetherWatch();
      }
    }
  }

  private CloseReport report() {
    state.lock.lock();
    try {
      List<String> stragglers = new ArrayList<>();
      for (Slot<T> slot : state.rack.slots()) {
        String line = slot.straggler();
        if (line != null) {
          stragglers.add(line);
        }
      }
      return new CloseReport(state.population.recycledTotal() - recycledBefore, stragglers);
    } finally {
      state.lock.unlock();
    }
  }

  /** Runs {@code action} once the last instance is closed; at once if it is. */
  void whenTerminated(Runnable action) {
    var _ = terminated.thenRun(action);
  }
}
