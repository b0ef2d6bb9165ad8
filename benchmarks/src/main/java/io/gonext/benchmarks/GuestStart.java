package io.gonext.benchmarks;

import io.gonext.benchmarks.GuestRuntime.Guest;
import io.gonext.benchmarks.GuestRuntime.Program;
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

/** A new instance of a compiled module, started up and dropped. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestStart {
  @Param({GuestRuntime.OURS, GuestRuntime.STOCK})
  private String runtime = GuestRuntime.OURS;

  @Param({ComputeGuest.NAME, "memory-1", "memory-16", "memory-64"})
  private String module = ComputeGuest.NAME;

  private GuestRuntime engine;
  private Program program;

  @Setup
  public void open() throws IOException {
    engine = GuestRuntime.named(runtime);
    program = engine.compile(ComputeGuest.moduleOfFork(module));
  }

  @TearDown
  public void close() {
    engine.close();
  }

  @Benchmark
  public Guest instantiate() {
    Guest guest = program.instantiate();
    guest.close();
    return guest;
  }
}
