package io.gonext.host.internal.service.events;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.PluginEvent;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.node.JsonNodeFactory;

class LaneTest {
  private final List<Runnable> threads = new ArrayList<>();
  private final List<String> received = new ArrayList<>();
  private final Lane lane = new Lane(threads::add, emission -> received.add(name(emission)));

  @AfterEach
  void clearTheInterrupt() {
    assertThat(Thread.interrupted()).isFalse();
  }

  @Test
  void one_thread_receives_all_events_in_order() {
    assertThat(lane.offer(emission("a", 1))).isTrue();
    assertThat(lane.offer(emission("b", 1))).isTrue();
    assertThat(threads).hasSize(1);
    threads.getFirst().run();
    assertThat(received).containsExactly("a", "b");
  }

  @Test
  void an_event_that_comes_after_the_thread_has_ended_gets_another() {
    lane.offer(emission("a", 1));
    threads.getFirst().run();
    lane.offer(emission("b", 1));
    assertThat(threads).hasSize(2);
    threads.getLast().run();
    assertThat(received).containsExactly("a", "b");
  }

  @Test
  void at_most_1024_events_wait() {
    for (int i = 0; i < Lane.MAX_WAITING; i++) {
      assertThat(lane.offer(emission("e", 1))).isTrue();
    }
    assertThat(lane.offer(emission("late", 1))).isFalse();
    threads.getFirst().run();
    assertThat(received).hasSize(Lane.MAX_WAITING).doesNotContain("late");
    assertThat(lane.offer(emission("next", 1))).isTrue();
  }

  @Test
  void at_most_4_mib_of_data_wait() {
    assertThat(lane.offer(emission("a", Lane.MAX_WAITING_BYTES))).isTrue();
    assertThat(lane.offer(emission("b", 1))).isFalse();
    threads.getFirst().run();
    assertThat(lane.offer(emission("c", 1))).isTrue();
  }

  @Test
  void an_interrupted_thread_leaves_what_waits() {
    lane.offer(emission("a", 1));
    Thread.currentThread().interrupt();
    threads.getFirst().run();
    assertThat(Thread.interrupted()).isTrue();
    assertThat(received).isEmpty();
  }

  @Test
  void a_receiver_that_throws_gets_the_next_event() {
    Lane failing =
        new Lane(
            threads::add,
            emission -> {
              received.add(name(emission));
              throw new AssertionError("this receiver always fails");
            });
    failing.offer(emission("a", 1));
    failing.offer(emission("b", 1));
    threads.getFirst().run();
    assertThat(received).containsExactly("a", "b");
  }

  @Test
  void an_event_is_refused_when_no_thread_takes_it() {
    Lane closed =
        new Lane(
            task -> {
              throw new RejectedExecutionException();
            },
            emission -> received.add(name(emission)));
    assertThat(closed.offer(emission("a", 1))).isFalse();
    assertThat(closed.offer(emission("b", 1))).isFalse();
  }

  private static String name(Emission emission) {
    return emission.event().name();
  }

  private static Emission emission(String name, int bytes) {
    PluginEvent event =
        new PluginEvent(
            "shop", "1.0.0", name, JsonNodeFactory.instance.objectNode(), Instant.EPOCH);
    return new Emission(event, 1, bytes, SpanContext.getInvalid());
  }
}
