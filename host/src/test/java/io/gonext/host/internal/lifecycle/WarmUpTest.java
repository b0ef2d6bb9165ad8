package io.gonext.host.internal.lifecycle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.InstanceConfig;
import io.gonext.guests.Guests;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class WarmUpTest {
  private static final byte[] PAYLOAD =
      "{\"kind\":\"filter\",\"value\":\"a\",\"args\":[]}".getBytes(UTF_8);
  private static final Duration LONG = Duration.ofMinutes(1);

  private final Engine engine = new Engine(EngineLimits.defaults());

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void the_exercise_ends_when_calls_get_no_faster() {
    // Each look at the clock is as late as the one before: the calls are steady from the first on.
    AtomicLong nanos = new AtomicLong();
    WarmUp.Result result = run("upper", nanos::incrementAndGet, LONG, 1);
    assertThat(result.settled()).isTrue();
    // Not before the optimizing compiler had its chance, and in whole windows.
    assertThat(result.calls()).isBetween(12_000L, 13_000L);
  }

  @Test
  void the_exercise_ends_when_its_time_is_over() {
    AtomicLong nanos = new AtomicLong();
    WarmUp.Result result =
        run("upper", () -> nanos.getAndAdd(1_000_000), Duration.ofMillis(100), 1);
    assertThat(result.settled()).isFalse();
    assertThat(result.calls()).isBetween(90L, 100L);
  }

  @Test
  void without_a_budget_or_inputs_nothing_is_called() {
    assertThat(run("upper", System::nanoTime, Duration.ZERO, 1).calls()).isZero();
    assertThat(run("upper", System::nanoTime, LONG, 0).calls()).isZero();
  }

  @Test
  void inputs_that_trap_are_left_out_one_by_one_until_none_is_left() {
    WarmUp.Result result = run("trap", System::nanoTime, LONG, 3);
    assertThat(result.calls()).isZero();
    assertThat(result.settled()).isTrue();
  }

  @Test
  void the_exercise_stops_on_request() {
    CompiledModule module = engine.compile(Guests.wasm("upper"));
    AtomicLong asked = new AtomicLong();
    WarmUp.Result result =
        new WarmUp(System::nanoTime)
            .run(
                module,
                InstanceConfig.defaults(),
                inputs(1),
                LONG,
                LONG,
                () -> asked.incrementAndGet() > 10);
    assertThat(result.settled()).isFalse();
    assertThat(result.calls()).isBetween(1L, 10L);
  }

  private WarmUp.Result run(String guest, LongSupplier clock, Duration budget, int inputs) {
    return new WarmUp(clock)
        .run(
            engine.compile(Guests.wasm(guest)),
            InstanceConfig.defaults(),
            inputs(inputs),
            budget,
            LONG,
            () -> false);
  }

  private static List<WarmUp.Input> inputs(int count) {
    return Stream.generate(() -> new WarmUp.Input("h".getBytes(UTF_8), PAYLOAD))
        .limit(count)
        .toList();
  }
}
