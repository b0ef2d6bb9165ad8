package io.gonext.pool;

import java.lang.ref.Cleaner;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * What pools share and do not own: one per process is usual.
 *
 * @param ticker the clock that limits and deadlines are measured on
 * @param workers where {@link Allocator#create} and {@link Allocator#close} run; must not run tasks
 *     on the thread that submits them unless callers may be held by the allocator
 * @param reapers makes the one thread that each pool has of its own; it sleeps most of the time
 * @param cleaner finds leases that were dropped
 * @param governor the memory budget the pools share
 * @param jitter spreads age limits and backoff; must be safe for use by several threads
 */
public record PoolRuntime(
    Ticker ticker,
    Executor workers,
    ThreadFactory reapers,
    Cleaner cleaner,
    MemoryGovernor governor,
    RandomGenerator jitter) {

  private static final long WORKER_KEEP_ALIVE_SECONDS = 10;

  /** A reaper calls no foreign code but loggers, and a host may have hundreds of pools. */
  private static final long REAPER_STACK_BYTES = 256 * 1024;

  /**
   * The system's clock, daemon worker threads made on demand and kept for ten seconds, and a budget
   * of half the maximum heap. Workers are platform threads because an allocator that computes
   * without end must not take a carrier from the virtual threads of the whole process; so are
   * reapers, because guests that compute on all carriers must not hold up what a pool owes others.
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
        Ticker.system(),
        workers,
        Thread.ofPlatform().daemon().stackSize(REAPER_STACK_BYTES).factory(),
        Cleaner.create(),
        MemoryGovernor.ofHalfTheHeap(),
        () -> ThreadLocalRandom.current().nextLong());
  }

  public PoolRuntime withTicker(Ticker value) {
    return new PoolRuntime(value, workers, reapers, cleaner, governor, jitter);
  }

  public PoolRuntime withWorkers(Executor value) {
    return new PoolRuntime(ticker, value, reapers, cleaner, governor, jitter);
  }

  public PoolRuntime withReapers(ThreadFactory value) {
    return new PoolRuntime(ticker, workers, value, cleaner, governor, jitter);
  }

  public PoolRuntime withGovernor(MemoryGovernor value) {
    return new PoolRuntime(ticker, workers, reapers, cleaner, value, jitter);
  }

  public PoolRuntime withJitter(RandomGenerator value) {
    return new PoolRuntime(ticker, workers, reapers, cleaner, governor, value);
  }
}
