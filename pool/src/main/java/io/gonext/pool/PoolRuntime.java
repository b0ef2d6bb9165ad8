package io.gonext.pool;

import java.lang.ref.Cleaner;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;

/**
 * What pools share and do not own. Usually there is one per process.
 *
 * @param nanoTime a monotonic clock in nanoseconds, for limits and deadlines; only differences of
 *     its readings have a meaning
 * @param workers runs {@link Allocator#create} and {@link Allocator#close}; if it runs tasks on the
 *     submitting thread, callers wait for the allocator
 * @param reapers the thread that checks the pools; it sleeps most of the time
 * @param cleaner finds leases that became unreachable without a close
 * @param governor the memory budget the pools share
 * @param jitter spreads age limits and backoff; must be safe for use by several threads
 */
public record PoolRuntime(
    LongSupplier nanoTime,
    Executor workers,
    Reapers reapers,
    Cleaner cleaner,
    MemoryGovernor governor,
    RandomGenerator jitter) {

  private static final long WORKER_KEEP_ALIVE_SECONDS = 10;

  /**
   * A runtime with the system's clock, daemon worker threads that are made on demand and kept for
   * ten seconds, and a budget of half the maximum heap. Workers are platform threads, so that an
   * endless allocator does not block a carrier thread of the process.
   */
  public static PoolRuntime system() {
    Executor workers =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            WORKER_KEEP_ALIVE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Thread.ofPlatform().daemon().name("gonext-pool-worker-", 0).factory());
    return new PoolRuntime(
        System::nanoTime,
        workers,
        new Reapers(Thread.ofPlatform().daemon().factory()),
        Cleaner.create(),
        MemoryGovernor.ofHalfTheHeap(),
        () -> ThreadLocalRandom.current().nextLong());
  }

  public PoolRuntime withNanoTime(LongSupplier value) {
    return new PoolRuntime(value, workers, reapers, cleaner, governor, jitter);
  }

  public PoolRuntime withWorkers(Executor value) {
    return new PoolRuntime(nanoTime, value, reapers, cleaner, governor, jitter);
  }

  public PoolRuntime withReapers(Reapers value) {
    return new PoolRuntime(nanoTime, workers, value, cleaner, governor, jitter);
  }

  public PoolRuntime withGovernor(MemoryGovernor value) {
    return new PoolRuntime(nanoTime, workers, reapers, cleaner, value, jitter);
  }

  public PoolRuntime withJitter(RandomGenerator value) {
    return new PoolRuntime(nanoTime, workers, reapers, cleaner, governor, value);
  }
}
