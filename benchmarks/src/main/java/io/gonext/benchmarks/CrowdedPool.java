package io.gonext.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A crowd of virtual threads around one pool. Each takes an object, computes a little, lets others
 * run while it still holds the object, as a plugin does that waits for its host, and gives it back.
 */
final class CrowdedPool {

  /** Computation under each lease, in JMH's tokens: about a quarter of a microsecond. */
  private static final int TOKENS = 100;

  static final boolean YIELD_HOLDING = Boolean.getBoolean("yh"), YIELD_BETWEEN=Boolean.getBoolean("yb");
  private CrowdedPool() {}

  /**
   * What a crowd got done.
   *
   * @param opsPerSecond checkouts and returns of all threads together
   * @param medianWaitMicros half of the checkouts took no longer than this
   * @param p99WaitMicros 99 of 100 checkouts took no longer than this
   * @param worstWaitMicros the longest checkout
   */
  record Result(
      double opsPerSecond, double medianWaitMicros, double p99WaitMicros, double worstWaitMicros) {}

  static Result run(PoolContender<?> pool, int threads, int cyclesPerThread) throws Exception {
    return crowd(pool, threads, cyclesPerThread);
  }

  private static <H> Result crowd(PoolContender<H> pool, int threads, int cyclesPerThread)
      throws Exception {
    CountDownLatch ready = new CountDownLatch(threads);
    CountDownLatch go = new CountDownLatch(1);
    long[] waits = new long[threads * cyclesPerThread];
    List<Throwable> failures = new ArrayList<>();
    List<Thread> crowd = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int first = t * cyclesPerThread;
      crowd.add(
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      ready.countDown();
                      go.await();
                      cycles(pool, waits, first, cyclesPerThread);
                    } catch (Throwable e) {
                      synchronized (failures) {
                        failures.add(e);
                      }
                    }
                  }));
    }
    ready.await();
    long began = System.nanoTime();
    go.countDown();
    for (Thread thread : crowd) {
      thread.join();
    }
    double seconds = (System.nanoTime() - began) / 1e9;
    synchronized (failures) {
      if (!failures.isEmpty()) {
        throw new IllegalStateException("the run is void", failures.getFirst());
      }
    }
    Arrays.sort(waits);
    return new Result(
        waits.length / seconds,
        waits[waits.length / 2] / 1e3,
        waits[(int) (waits.length * 0.99)] / 1e3,
        waits[waits.length - 1] / 1e3);
  }

  @SuppressWarnings("ThreadPriorityCheck") // a yield is the cheapest way to let the others run
  private static <H> void cycles(PoolContender<H> pool, long[] waits, int first, int count)
      throws Exception {
    for (int i = 0; i < count; i++) {
      long asked = System.nanoTime();
      H held = pool.take();
      waits[first + i] = System.nanoTime() - asked;
      pool.pooled(held).value++;
      Blackhole.consumeCPU(TOKENS);
      if (YIELD_HOLDING) Thread.yield();
      pool.give(held);
      if (YIELD_BETWEEN) Thread.yield();
    }
  }
}
