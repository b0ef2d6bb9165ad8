package io.gonext.benchmarks;

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
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One reset after the guest wrote to some blocks of its memory. Each reset is timed separately,
 * without the writes; reading the clock adds about 25 ns.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestReset {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  @Param({"1", "16", "64"})
  private int megabytes = 1;

  @Param({"1", "3", "50"})
  private int blocks = 1;

  private Engine engine;
  private GuestInstance instance;
  private GuestFunction touch;

  @Setup
  public void open() {
    engine = new Engine(EngineLimits.defaults());
    instance =
        engine.compile(Guests.wasm("memory-" + megabytes)).instantiate(InstanceConfig.defaults());
    touch = instance.function("touch");
    touch();
    reset();
    String difference = instance.differenceFromSnapshot();
    if (difference != null) {
      throw new IllegalStateException(difference);
    }
  }

  @Setup(Level.Invocation)
  public void touch() {
    instance.run(LIMIT, call -> call.call(touch, blocks));
  }

  @TearDown
  public void close() {
    instance.close();
    engine.close();
  }

  @Benchmark
  public void reset() {
    instance.reset();
  }
}
