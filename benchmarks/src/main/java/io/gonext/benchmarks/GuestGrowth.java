package io.gonext.benchmarks;

import io.gonext.benchmarks.GuestRuntime.Guest;
import io.gonext.benchmarks.GuestRuntime.Program;
import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestFunction;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
import java.time.Duration;
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

/** A guest that grows its memory page by page to 16 MiB, in each lease anew. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestGrowth {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int PAGES = 256;
  private static final byte[] MODULE = Guests.wasm("engine-grow");

  @State(Scope.Benchmark)
  public static class Ours {
    /** Whether each lease has a new instance; else all have one, reset after each. */
    @Param({"true", "false"})
    private boolean fresh;

    private Engine engine;
    private CompiledModule module;
    private GuestInstance instance;

    @Setup
    public void open() {
      engine = new Engine(EngineLimits.defaults());
      module = engine.compile(MODULE);
      instance = module.instantiate(InstanceConfig.defaults());
    }

    private long lease() {
      if (fresh) {
        instance.close();
        instance = module.instantiate(InstanceConfig.defaults());
      }
      GuestFunction grow = instance.function("grow_to");
      long pages = instance.run(LIMIT, call -> call.call(grow, PAGES));
      instance.reset();
      return pages;
    }

    @TearDown
    public void close() {
      instance.close();
      engine.close();
    }
  }

  @State(Scope.Benchmark)
  public static class Stock {
    private final Program program = new StockRuntime().compile(MODULE);
  }

  @Benchmark
  public long gonext(Ours ours) {
    return ours.lease();
  }

  @Benchmark
  public long stock(Stock stock) {
    try (Guest guest = stock.program.instantiate()) {
      return guest.call("grow_to", PAGES);
    }
  }
}
