package io.gonext.pool;

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

/** A pool's life from the first instance to the last, and how it ends. */
final class Closing<T> {

  private static final Logger LOG = LoggerFactory.getLogger(Closing.class);

  private enum Phase {
    NEW,
    STARTING,
    RUNNING,
    DRAINING,
    CLOSED
  }

  private final InstancePool<T> pool;
  private final PoolConfig config;
  private final PoolRuntime runtime;

  /** Written under the pool's lock. */
  private volatile Phase phase = Phase.NEW;

  /** Instances recycled before the pool stopped giving out leases. Guarded by the pool's lock. */
  private long recycledBefore;

  private final CompletableFuture<CloseReport> terminated = new CompletableFuture<>();

  Closing(InstancePool<T> pool, PoolConfig config, PoolRuntime runtime) {
    this.pool = pool;
    this.config = config;
    this.runtime = runtime;
  }

  /**
   * Enters the start.
   *
   * @throws IllegalStateException when the pool was started or closed before
   */
  void beginStart() {
    pool.lock.lock();
    try {
      if (phase != Phase.NEW) {
        throw new IllegalStateException("pool " + config.name() + " is " + phase);
      }
      phase = Phase.STARTING;
    } finally {
      pool.lock.unlock();
    }
  }

  boolean isStarting() {
    return phase == Phase.STARTING;
  }

  /**
   * Opens the pool.
   *
   * @throws IllegalStateException when it was closed while it started
   */
  void endStart() {
    pool.lock.lock();
    try {
      if (phase != Phase.STARTING) {
        throw new IllegalStateException("pool " + config.name() + " was closed while it started");
      }
      phase = Phase.RUNNING;
    } finally {
      pool.lock.unlock();
    }
  }

  boolean isStarted() {
    return phase.compareTo(Phase.RUNNING) >= 0;
  }

  boolean isRunning() {
    return phase == Phase.RUNNING;
  }

  boolean isClosing() {
    return phase.compareTo(Phase.DRAINING) >= 0;
  }

  boolean allowsCreation() {
    return phase == Phase.RUNNING || phase == Phase.DRAINING;
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
    pool.lock.lock();
    try {
      if (phase.compareTo(target) >= 0) {
        return false;
      }
      if (!isClosing()) {
        recycledBefore = pool.population.recycledTotal();
      }
      phase = target;
      while (target == Phase.CLOSED && pool.queue.size() > 0) {
        Waiter<T> waiter = Objects.requireNonNull(pool.queue.poll());
        waiter.outcome = new Waiter.Outcome.Closed<>();
        turnedAway.add(waiter);
      }
      pool.updateAttention();
    } finally {
      pool.lock.unlock();
    }
    turnedAway.forEach(waiter -> LockSupport.unpark(waiter.thread));
    if (pool.evictions().sweep()) {
      pool.wakeReaper();
    }
    checkTerminated();
    return true;
  }

  /** Ends a closing pool that has nothing left. */
  void checkTerminated() {
    pool.lock.lock();
    try {
      if (!isClosing() || pool.population.occupied() > 0 || pool.queue.size() > 0) {
        return;
      }
    } finally {
      pool.lock.unlock();
    }
    if (terminated.complete(report())) {
      pool.stopReaper();
      runtime.governor().deregister(pool);
      // The cleaner outlives the pool and would keep it reachable through its slots.
      for (Slot<T> slot : pool.rack().slots()) {
        slot.releaseTetherWatch();
      }
    }
  }

  private CloseReport report() {
    pool.lock.lock();
    try {
      List<String> stragglers = new ArrayList<>();
      for (Slot<T> slot : pool.rack().slots()) {
        String line = slot.straggler();
        if (line != null) {
          stragglers.add(line);
        }
      }
      return new CloseReport(pool.population.recycledTotal() - recycledBefore, stragglers);
    } finally {
      pool.lock.unlock();
    }
  }

  /** Runs {@code action} once the last instance is closed; at once if it is. */
  void whenTerminated(Runnable action) {
    var _ = terminated.thenRun(action);
  }
}
