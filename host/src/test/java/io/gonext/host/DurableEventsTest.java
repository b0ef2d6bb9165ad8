package io.gonext.host;

import static io.gonext.host.JobsTest.QUICK;
import static io.gonext.host.JobsTest.ended;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.HookFailedException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Durable events are jobs: receivers get them at least once. */
@Timeout(120)
class DurableEventsTest {
  @TempDir private Path data;
  private static final int QUOTA = -5;

  private final List<PluginEvent> received = new CopyOnWriteArrayList<>();

  @Test
  void a_durable_event_reaches_a_receiver_again_that_failed() throws InterruptedException {
    AtomicBoolean failed = new AtomicBoolean();
    try (Host host =
        Host.open(HostConfig.builder(data).jobs(QUICK).eventListener(received::add).build())) {
      host.addAction(
          "test",
          "event.my_shop.paid",
          10,
          (args, turn) -> {
            if (failed.compareAndSet(false, true)) {
              throw new HookFailedException("not yet");
            }
          });
      host.plugins()
          .deploy(
              GuestBundle.of("my-shop", Guests.wasm("events"))
                  .field("capabilities", "[\"events.emit\"]")
                  .filter("paid")
                  .bytes(),
              Set.of("events.emit"));
      assertThat(host.applyFilters("paid", Map.of("n", 7, "durable", true)).value().intValue())
          .isZero();
      JobInfo job = host.jobs().list("my-shop", Optional.empty(), 1).getFirst();
      assertThat(job.job()).isEqualTo("event.my_shop.paid");
      assertThat(ended(host, job.id()).attempts())
          .extracting(JobAttempt::outcome)
          .containsExactly("FAILED", "OK");
      assertThat(received)
          .hasSize(2)
          .allSatisfy(event -> {
            assertThat(event.plugin()).isEqualTo("my-shop");
            assertThat(event.name()).isEqualTo("paid");
            assertThat(event.version()).isEqualTo("1.0.0");
            assertThat(event.data()).hasToString("{\"n\":7}");
          });
    }
  }

  @Test
  void durable_events_that_cause_one_another_end_at_the_depth_of_others()
      throws InterruptedException {
    AtomicReference<Host> open = new AtomicReference<>();
    List<Integer> answers = new CopyOnWriteArrayList<>();
    try (Host host =
        Host.open(
            HostConfig.builder(data)
                .jobs(QUICK)
                .eventListener(_ -> answers.add(emit(open.get())))
                .build())) {
      open.set(host);
      host.plugins()
          .deploy(
              GuestBundle.of("my-shop", Guests.wasm("events"))
                  .field("capabilities", "[\"events.emit\"]")
                  .filter("paid")
                  .bytes(),
              Set.of("events.emit"));
      assertThat(emit(host)).isZero();
      await().until(() -> answers.contains(QUOTA));
      assertThat(answers).containsExactly(0, 0, 0, 0, 0, 0, 0, QUOTA);
    }
  }

  private static int emit(Host host) throws InterruptedException {
    return host.applyFilters("paid", Map.of("durable", true)).value().intValue();
  }
}
