package io.gonext.benchmarks;

import io.gonext.pool.Allocator;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolConfig;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;

/**
 * {@code ./bench pool-scale}: the cost of a checkout as the pool grows, and as the queue grows.
 *
 * <p>Three loads on pools of 1 to 1,024 instances: one thread that takes and returns; one that
 * takes all instances and then returns all, so that every checkout must find another instance; and
 * the hardest case for a search, all but one instance taken and the free one anywhere. Then queues
 * of 1 to 10,000 virtual threads for one instance, which goes from hand to hand.
 *
 * <p>{@code --quick} does a tenth of the operations, to check that it works, not to measure.
 */
final class PoolScaleBenchmark implements Benchmark {

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final int ROUNDS = 9;

  @Override
  public String name() {
    return "pool-scale";
  }

  @Override
  public String description() {
    return "a checkout in pools of 1 to 1,024 instances and queues of 1 to 10,000 (about 2"
        + " minutes)";
  }

  @FunctionalInterface
  private interface Load {
    /** Does about this many operations and returns how many. */
    long run(InstancePool<Object> pool, int operations) throws Exception;
  }

  @Override
  public SequencedMap<String, String> run(List<String> args, PrintWriter out) throws Exception {
    boolean quick = Arguments.quick(args);
    int operations = quick ? 20_000 : 200_000;
    // Warm up, so that the first row does not include the JIT compiler's work.
    for (Load load : List.<Load>of(PoolScaleBenchmark::takeAll, PoolScaleBenchmark::takeLastFree)) {
      nanosPerOperation(8, 10 * operations, load);
    }
    out.printf("%-12s%18s%18s%18s%n", "instances", "one, ns/op", "all, ns/op", "last free, ns/op");
    List<double[]> bySize = new ArrayList<>();
    for (int size = 1; size <= 1_024; size *= 2) {
      double[] row = {
        nanosPerOperation(size, operations, PoolScaleBenchmark::takeOne),
        nanosPerOperation(size, operations, PoolScaleBenchmark::takeAll),
        nanosPerOperation(size, operations / 10, PoolScaleBenchmark::takeLastFree)
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
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("one_growth", growth(bySize, 0));
    figures.put("all_growth", growth(bySize, 1));
    figures.put("last_free_growth", growth(bySize, 2));
    figures.put("queue_growth", growth(byQueue, 0));
    figures.put("semaphore_queue_growth", growth(byQueue, 1));
    return figures;
  }

  /** From the smallest case to the largest, as a factor. */
  private static String growth(List<double[]> rows, int column) {
    return String.format(Locale.ROOT, "%.2f", rows.getLast()[column] / rows.getFirst()[column]);
  }

  /** The median of several rounds on one pool, after as many to warm up. */
  private static double nanosPerOperation(int size, int operations, Load load) throws Exception {
    try (InstancePool<Object> pool =
        new InstancePool<>(
            PoolConfig.builder("scale").bounds(size, size).maxWaiters(20_000).build(),
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

  /**
   * Returns one instance and takes one; the returned instance is another one each time. That one
   * thread does both is no advantage: it tries the slot first that it took last.
   */
  private static long takeLastFree(InstancePool<Object> pool, int operations) throws Exception {
    int size = pool.stats().maxInstances();
    List<Lease<Object>> leases = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      leases.add(pool.checkout(PATIENCE));
    }
    int next = 0;
    for (int i = 0; i < operations; i++) {
      // An odd stride visits all places of a power of two, and not in order.
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

  /**
   * The same with the JDK's fair semaphore and without a pool: the cost of the threads themselves.
   */
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
            virtual.submit(() -> {
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
