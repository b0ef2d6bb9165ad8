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
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The cost of a deadline: a call of a function that adds two numbers, in a separate run and as one
 * of a thousand calls that share a run. Every run has a deadline, so the difference is the cost of
 * the whole run: entering and leaving, arming and disarming, and two readings of the clock.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class GuestDeadline {
  private static final int CALLS = 1_000;
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private Engine engine;
  private GuestInstance instance;
  private GuestFunction add;
  private long term;

  @Setup
  public void open() {
    engine = new Engine(EngineLimits.defaults());
    instance = engine.compile(Guests.wasm("add")).instantiate(InstanceConfig.defaults());
    add = instance.function("add");
  }

  @TearDown
  public void close() {
    instance.close();
    engine.close();
  }

  @Benchmark
  public long own() {
    return instance.run(LIMIT, call -> call.call(add, term, 1));
  }

  @Benchmark
  @OperationsPerInvocation(CALLS)
  public long shared() {
    return instance.run(
        LIMIT,
        call -> {
          long sum = 0;
          for (int i = 0; i < CALLS; i++) {
            sum += call.call(add, term, 1);
          }
          return sum;
        });
  }
}
