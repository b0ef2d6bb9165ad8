package io.gonext.benchmarks;

import io.gonext.benchmarks.GuestRuntime.Guest;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** A kernel in one guest. Each fork runs one runtime, so that the JIT sees one kind of memory. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestCompute {
  @Param({GuestRuntime.OURS, GuestRuntime.STOCK})
  private String runtime = GuestRuntime.OURS;

  /** A {@link Kernel}. */
  @Param("SORT")
  private String name = "SORT";

  private GuestRuntime engine;
  private Guest guest;
  private Kernel kernel;

  @Setup
  public void open() throws IOException {
    kernel = Kernel.valueOf(name);
    engine = GuestRuntime.named(runtime);
    guest = engine.compile(ComputeGuest.wasmOfFork()).instantiate();
    kernel.requireChecksum(run());
  }

  @TearDown
  public void close() {
    guest.close();
    engine.close();
  }

  @Benchmark
  public long run() {
    return guest.call("compute", kernel.index());
  }
}
