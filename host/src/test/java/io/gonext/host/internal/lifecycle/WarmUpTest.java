package io.gonext.host.internal.lifecycle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

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
  private static final Duration START = Duration.ofMillis(300);

  private final Engine engine = new Engine(EngineLimits.defaults());

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void the_exercise_ends_when_calls_get_no_faster() {
    // Each look at the clock is as late as the one before: the calls are steady from the first on.
    AtomicLong nanos = new AtomicLong();
    WarmUp warmUp = warmUp("upper", nanos::incrementAndGet, 1);
    warmUp.run(LONG.toNanos(), LONG.toNanos(), () -> false);
    assertThat(warmUp.settled()).isTrue();
    // Not before the optimizing compiler had its chance, and in whole windows.
    assertThat(warmUp.calls()).isBetween(12_000L, 13_000L);
    assertThat(warmUp.isOver()).isTrue();
  }

  @Test
  void slow_calls_that_get_no_faster_are_settled_after_some_seconds() {
    AtomicLong nanos = new AtomicLong();
    // Each look takes 5 ms, so a call takes 10 ms: 12,000 of them would take two minutes.
    WarmUp warmUp = warmUp("upper", () -> nanos.getAndAdd(5_000_000), 1);
    warmUp.run(LONG.toNanos(), LONG.toNanos(), () -> false);
    assertThat(warmUp.settled()).isTrue();
    assertThat(warmUp.busyNanos()).isBetween(3_000_000_000L, 3_500_000_000L);
  }

  @Test
  void the_exercise_ends_when_its_time_is_over() {
    AtomicLong nanos = new AtomicLong();
    WarmUp warmUp = warmUp("upper", () -> nanos.getAndAdd(1_000_000), 1);
    warmUp.run(100_000_000, 100_000_000, () -> false);
    assertThat(warmUp.settled()).isFalse();
    assertThat(warmUp.isOver()).isFalse();
    assertThat(warmUp.calls()).isBetween(20L, 100L);
  }

  @Test
  void the_exercise_goes_on_where_it_paused() {
    AtomicLong nanos = new AtomicLong();
    WarmUp warmUp = warmUp("upper", nanos::incrementAndGet, 1);
    int pieces = 0;
    while (!warmUp.isOver()) {
      warmUp.run(nanos.get() + 1_000, LONG.toNanos(), () -> false);
      pieces++;
    }
    assertThat(pieces).isGreaterThan(10);
    assertThat(warmUp.settled()).isTrue();
    assertThat(warmUp.calls()).isBetween(12_000L, 13_000L);
  }

  @Test
  void without_a_budget_or_inputs_nothing_is_called() {
    WarmUp noTime = warmUp("upper", () -> 0, 1);
    noTime.run(0, 0, () -> false);
    assertThat(noTime.calls()).isZero();
    WarmUp noInputs = warmUp("upper", () -> 0, 0);
    noInputs.run(LONG.toNanos(), LONG.toNanos(), () -> false);
    assertThat(noInputs.calls()).isZero();
    assertThat(noInputs.isOver()).isTrue();
  }

  @Test
  void inputs_that_trap_are_left_out_one_by_one_until_none_is_left() {
    WarmUp warmUp = warmUp("trap", System::nanoTime, 3);
    long end = System.nanoTime() + LONG.toNanos();
    warmUp.run(end, end, () -> false);
    assertThat(warmUp.calls()).isZero();
    assertThat(warmUp.failures()).isEqualTo(3);
    assertThat(warmUp.isOver()).isTrue();
  }

  @Test
  void a_version_that_does_not_start_is_not_tried_again() {
    WarmUp warmUp = warmUp("startloop", System::nanoTime, 3);
    long end = System.nanoTime() + LONG.toNanos();
    warmUp.run(end, end, () -> false);
    assertThat(warmUp.failures()).isEqualTo(3);
    assertThat(warmUp.isOver()).isTrue();
  }

  @Test
  void the_exercise_stops_on_request() {
    AtomicLong asked = new AtomicLong();
    WarmUp warmUp = warmUp("upper", () -> 0, 1);
    warmUp.run(LONG.toNanos(), LONG.toNanos(), () -> asked.incrementAndGet() > 10);
    assertThat(warmUp.settled()).isFalse();
    assertThat(warmUp.calls()).isBetween(1L, 10L);
  }

  private WarmUp warmUp(String guest, LongSupplier clock, int inputs) {
    return new WarmUp(
        engine.compile(Guests.wasm(guest)),
        start -> InstanceConfig.builder().startTimeout(START).build(),
        inputs(inputs),
        LONG,
        new WarmUp.Clocks(clock, clock, () -> 0, _ -> {}));
  }

  private static List<WarmUp.Input> inputs(int count) {
    return Stream.generate(() -> new WarmUp.Input("h".getBytes(UTF_8), PAYLOAD))
        .limit(count)
        .toList();
  }
}
