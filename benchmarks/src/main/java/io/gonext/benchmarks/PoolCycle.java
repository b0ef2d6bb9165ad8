package io.gonext.benchmarks;

import java.util.concurrent.TimeUnit;
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

/**
 * One checkout and return. Every fork loads a single contender, so that the compiler sees one
 * implementation, as it does in a program that uses one pool.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class PoolCycle {

  @Param("gonext")
  public String contender = PoolContender.OURS;

  @Param("8")
  public int size = 8;

  @SuppressWarnings(
      "NullAway.Init") // JMH calls open() first; a second class would be visible to the compiler
  private PoolContender<?> pool;

  @Setup(Level.Trial)
  public void open() {
    pool = PoolContender.named(contender, size);
  }

  @TearDown(Level.Trial)
  public void close() throws Exception {
    pool.shutDown();
  }

  @Benchmark
  public int cycle() throws Exception {
    return pool.cycle();
  }
}
