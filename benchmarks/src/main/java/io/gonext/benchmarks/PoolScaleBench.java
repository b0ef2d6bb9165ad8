package io.gonext.benchmarks;

import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * {@code ./bench pool-scale}: what a checkout costs as the pool grows, and as the queue does.
 *
 * <p>Three loads on pools of 1 to 1,024 instances: one thread that takes and returns; one that
 * takes all instances and then returns all, so that every checkout must find another instance; and
 * the hardest case for a search, all but one instance taken and the free one anywhere. Then queues
 * of 1 to 10,000 virtual threads for one instance, which goes from hand to hand.
 */
public final class PoolScaleBench {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int ROUNDS = 9;

  private PoolScaleBench() {}

  @FunctionalInterface
  private interface Load {
    /** Does about this many operations and tells how many. */
    long run(InstancePool<Object> pool, int operations) throws Exception;
  }

  /**
   * Runs everything and prints the tables; the last line holds the growth of each load from its
   * smallest to its largest case, as a factor.
   *
   * @param quick a tenth of the operations, to see that it works rather than to measure
   */
  public static void run(PrintStream out, boolean quick) throws Exception {
    int operations = quick ? 20_000 : 200_000;
    // So that the first row is not the one that pays for the compiler.
    for (Load load : List.<Load>of(PoolScaleBench::takeAll, PoolScaleBench::takeLastFree)) {
      nanosPerOperation(8, 10 * operations, load);
    }
    out.printf("%-12s%18s%18s%18s%n", "instances", "one, ns/op", "all, ns/op", "last free, ns/op");
    List<double[]> bySize = new ArrayList<>();
    for (int size = 1; size <= 1_024; size *= 2) {
      double[] row = {
        nanosPerOperation(size, operations, PoolScaleBench::takeOne),
        nanosPerOperation(size, operations, PoolScaleBench::takeAll),
        nanosPerOperation(size, operations / 10, PoolScaleBench::takeLastFree)
      };
      bySize.add(row);
      out.printf(Locale.ROOT, "%-12d%18.1f%18.1f%18.1f%n", size, row[0], row[1], row[2]);
    }
    out.println();
    out.printf("%-12s%18s%26s%n", "waiting", "ns/hand-over", "fair Semaphore, the same");
    List<double[]> byQueue = new ArrayList<>();
    for (int waiting = 1; waiting <= 10_000; waiting *= 10) {
      int threads = waiting + 1;
      Semaphore semaphore = new Semaphore(1, true);
      double[] row = {
        nanosPerOperation(1, operations, (pool, count) -> passLease(pool, threads, count)),
        nanosPerOperation(1, operations, (pool, count) -> passPermit(semaphore, threads, count))
      };
      byQueue.add(row);
      out.printf(Locale.ROOT, "%-12d%18.1f%26.1f%n", waiting, row[0], row[1]);
    }
    out.printf(
        Locale.ROOT,
        "one_growth=%.2f all_growth=%.2f last_free_growth=%.2f queue_growth=%.2f"
            + " semaphore_queue_growth=%.2f%n",
        bySize.getLast()[0] / bySize.getFirst()[0],
        bySize.getLast()[1] / bySize.getFirst()[1],
        bySize.getLast()[2] / bySize.getFirst()[2],
        byQueue.getLast()[0] / byQueue.getFirst()[0],
        byQueue.getLast()[1] / byQueue.getFirst()[1]);
  }

  /** The median of several rounds on one pool, after as many to warm up. */
  private static double nanosPerOperation(int size, int operations, Load load) throws Exception {
    try (InstancePool<Object> pool =
        new InstancePool<>(
            PoolConfig.defaults("scale").withBounds(size, size).withMaxWaiters(20_000),
            (Allocator<Object>) Object::new)) {
      pool.start();
      double[] rounds = new double[ROUNDS];
      for (int i = -ROUNDS; i < ROUNDS; i++) {
        long began = System.nanoTime();
        long done = load.run(pool, operations);
        double nanos = (double) (System.nanoTime() - began) / done;
        if (i >= 0) {
          rounds[i] = nanos;
        }
      }
      Arrays.sort(rounds);
      return rounds[ROUNDS / 2];
    }
  }

  private static long takeOne(InstancePool<Object> pool, int operations) throws Exception {
    for (int i = 0; i < operations; i++) {
      pool.checkout(PATIENCE).close();
    }
    return operations;
  }

  private static long takeAll(InstancePool<Object> pool, int operations) throws Exception {
    int size = pool.stats().maxInstances();
    List<Lease<Object>> leases = new ArrayList<>(size);
    long done = 0;
    while (done < operations) {
      for (int i = 0; i < size; i++) {
        leases.add(pool.checkout(PATIENCE));
      }
      leases.forEach(Lease::close);
      leases.clear();
      done += size;
    }
    return done;
  }

  /** Returns one instance and takes one, where the one returned is every time another. */
  private static long takeLastFree(InstancePool<Object> pool, int operations) throws Exception {
    int size = pool.stats().maxInstances();
    List<Lease<Object>> leases = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      leases.add(pool.checkout(PATIENCE));
    }
    int next = 0;
    for (int i = 0; i < operations; i++) {
      // A stride that is odd, and so visits all places of a power of two, in no handy order.
      next = (next + 619) % size;
      leases.get(next).close();
      leases.set(next, pool.checkout(PATIENCE));
    }
    leases.forEach(Lease::close);
    return operations;
  }

  /**
   * One instance goes from hand to hand. Each holder lets the others run, so that all who do not
   * hold it are in the queue.
   */
  @SuppressWarnings("ThreadPriorityCheck") // a yield is the cheapest way to let the others queue
  private static long passLease(InstancePool<Object> pool, int threads, int operations)
      throws Exception {
    return pass(
        threads,
        operations,
        () -> {
          try (Lease<Object> lease = pool.checkout(PATIENCE)) {
            Thread.yield();
            return lease.get();
          }
        });
  }

  /** What the same costs with the JDK's fair lock and no pool: what the threads themselves cost. */
  @SuppressWarnings("ThreadPriorityCheck") // a yield is the cheapest way to let the others queue
  private static long passPermit(Semaphore semaphore, int threads, int operations)
      throws Exception {
    return pass(
        threads,
        operations,
        () -> {
          semaphore.acquire();
          try {
            Thread.yield();
            return semaphore;
          } finally {
            semaphore.release();
          }
        });
  }

  private static long pass(int threads, int operations, Callable<Object> hold) throws Exception {
    int each = Math.max(4, operations / threads);
    List<Future<?>> crowd = new ArrayList<>();
    try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int t = 0; t < threads; t++) {
        crowd.add(
            virtual.submit(
                () -> {
                  for (int i = 0; i < each; i++) {
                    hold.call();
                  }
                  return true;
                }));
      }
    }
    for (Future<?> member : crowd) {
      member.get();
    }
    return (long) threads * each;
  }
}
