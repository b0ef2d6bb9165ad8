package io.gonext.cli.dev;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.cli.dev.Debouncer.Burst;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A burst of events is one. */
class DebouncerTest {
  private final Scripted.Clock clock = new Scripted.Clock();
  private final List<Burst<String>> bursts = new ArrayList<>();
  private final Debouncer<String> debouncer =
      new Debouncer<>(Duration.ofMillis(20), clock.sources(), bursts::add);

  @Test
  void five_events_make_one_emission_after_the_last() {
    for (String event : List.of("a", "b", "a", "c", "d")) {
      debouncer.add(event);
      clock.move(Duration.ofMillis(19));
    }
    assertThat(bursts).isEmpty();
    clock.move(Duration.ofMillis(1));
    assertThat(bursts).containsExactly(new Burst<>(Set.of("a", "b", "c", "d"), 0));
    clock.move(Duration.ofSeconds(1));
    assertThat(bursts).hasSize(1);
  }

  @Test
  void events_60_ms_apart_make_two_emissions() {
    debouncer.add("a");
    clock.move(Duration.ofMillis(60));
    debouncer.add("b");
    clock.move(Duration.ofMillis(60));
    assertThat(bursts)
        .containsExactly(
            new Burst<>(Set.of("a"), 0), new Burst<>(Set.of("b"), Duration.ofMillis(60).toNanos()));
  }

  @Test
  void cancel_drops_collected_events_and_accepts_new_ones() {
    debouncer.add("a");
    debouncer.cancel();
    clock.move(Duration.ofSeconds(1));
    assertThat(bursts).isEmpty();
    debouncer.add("b");
    clock.move(Duration.ofMillis(20));
    assertThat(bursts).extracting(Burst::events).containsExactly(Set.of("b"));
  }

  @Test
  void a_closed_debouncer_emits_nothing() {
    debouncer.add("a");
    debouncer.close();
    debouncer.add("b");
    clock.move(Duration.ofSeconds(1));
    assertThat(bursts).isEmpty();
    assertThat(clock.waiting()).isZero();
  }

  @Test
  void an_endless_burst_is_emitted_after_ten_windows() {
    for (int i = 0; i < 50; i++) {
      debouncer.add("log" + i);
      clock.move(Duration.ofMillis(10));
    }
    assertThat(bursts).hasSize(2);
    assertThat(bursts.get(0).events()).hasSize(20).contains("log0", "log19");
    assertThat(bursts.get(1).events()).hasSize(20).contains("log20", "log39");
  }

  @Test
  void a_debouncer_works_with_the_time_of_the_machine() throws InterruptedException {
    BlockingQueue<Burst<String>> emitted = new LinkedBlockingQueue<>();
    try (SystemTimers timers = new SystemTimers();
        Debouncer<String> real =
            new Debouncer<>(Duration.ofMillis(20), TimeSources.system(timers), emitted::add)) {
      long began = System.nanoTime();
      real.add("a");
      real.add("b");
      // A machine that pauses between the two calls makes two bursts of them.
      List<String> events = new ArrayList<>();
      while (events.size() < 2) {
        Burst<String> burst = emitted.poll(10, TimeUnit.SECONDS);
        assertThat(burst).isNotNull();
        events.addAll(burst.events());
      }
      assertThat(events).containsExactly("a", "b");
      assertThat(System.nanoTime() - began).isGreaterThanOrEqualTo(20_000_000);
    }
  }
}
