package io.gonext.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * 1,000 virtual threads around a pool of 8. Each takes an object, computes a little with it and
 * gives it back, a number of times; between calls it yields now and then.
 *
 * <p>With {@code pause}, it also yields while it holds the object, as a plugin does that waits for
 * its host. Then the pool is exhausted all the time, and the pools differ in who waits: a pool that
 * lets callers overtake looks fast because some callers never queue.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class CrowdedPool {

  static final int THREADS = 1_000;
  static final int CYCLES = 256;

  /** Cycles after which a thread lets the others run. */
  private static final int TURN = 16;

  /**
   * One of this many checkouts is timed, because reading the clock twice takes longer than most
   * checkouts. It has no common divisor with {@link #TURN}, so that all positions in a turn are
   * timed equally.
   */
  private static final int STRIDE = 17;

  private static final int SAMPLES = (CYCLES + STRIDE - 1) / STRIDE;

  /** Computation under each lease, in JMH's tokens: some tens of nanoseconds. */
  private static final int TOKENS = 20;

  @Param("gonext")
  public String contender = PoolContender.OURS;

  @Param("8")
  public int size = 8;

  @Param("false")
  public boolean pause;

  @SuppressWarnings("NullAway.Init") // JMH calls open() before anything else
  private PoolContender<?> pool;

  /**
   * The result of a run. The time excludes the start of the threads and the sorting of the waits.
   */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Figures {
    public double cycleNanos;
    public long p50Nanos;
    public long p99Nanos;
    public long worstNanos;

    void of(long tookNanos, long[] waits) {
      cycleNanos = (double) tookNanos / (THREADS * CYCLES);
      Arrays.sort(waits);
      p50Nanos = waits[waits.length / 2];
      p99Nanos = waits[(int) (waits.length * 0.99)];
      worstNanos = waits[waits.length - 1];
    }
  }

  @Setup(Level.Trial)
  public void open() throws Exception {
    // On a virtual thread, because Stormpot treats these differently.
    try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      pool = virtual.submit(() -> PoolContender.named(contender, size)).get();
    }
  }

  @TearDown(Level.Trial)
  public void close() throws Exception {
    pool.shutDown();
  }

  @Benchmark
  public void crowd(Figures figures) throws Exception {
    run(pool, figures);
  }

  private <H> void run(PoolContender<H> contended, Figures figures) throws Exception {
    long[] waits = new long[THREADS * SAMPLES];
    CountDownLatch ready = new CountDownLatch(THREADS);
    CountDownLatch go = new CountDownLatch(1);
    List<Future<?>> crowd = new ArrayList<>();
    long began;
    try (ExecutorService virtual = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int t = 0; t < THREADS; t++) {
        int first = t * SAMPLES;
        crowd.add(
            virtual.submit(() -> {
              ready.countDown();
              go.await();
              cycles(contended, waits, first);
              return true;
            }));
      }
      ready.await();
      began = System.nanoTime();
      go.countDown();
    }
    long took = System.nanoTime() - began;
    for (Future<?> member : crowd) {
      member.get();
    }
    figures.of(took, waits);
  }

  @SuppressWarnings("ThreadPriorityCheck") // a yield is the cheapest way to let the others run
  private <H> void cycles(PoolContender<H> contended, long[] waits, int first) throws Exception {
    int sample = first;
    for (int i = 0; i < CYCLES; i++) {
      boolean timed = i % STRIDE == 0;
      long asked = timed ? System.nanoTime() : 0;
      H held = contended.take();
      if (timed) {
        waits[sample++] = System.nanoTime() - asked;
      }
      contended.pooled(held).value++;
      Blackhole.consumeCPU(TOKENS);
      if (pause) {
        Thread.yield();
      }
      contended.give(held);
      if (i % TURN == TURN - 1) {
        Thread.yield();
      }
    }
  }
}
