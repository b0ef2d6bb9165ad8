package io.gonext.pool;

import static io.gonext.pool.Pools.eventually;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class EventsTest {

  private static final Duration LONG = Duration.ofSeconds(20);

  @RegisterExtension final Pools pools = new Pools();
  @TempDir Path directory = Path.of("");
  private final ThingAllocator allocator = new ThingAllocator().weight(64);

  private List<RecordedEvent> record(boolean asked) throws Exception {
    Path file = directory.resolve("pool.jfr");
    try (Recording recording = new Recording()) {
      if (asked) {
        recording.enable("gonext.Checkout").withThreshold(Duration.ZERO);
        recording.enable("gonext.Create").withThreshold(Duration.ZERO);
        recording.enable("gonext.Recycle");
      }
      recording.start();
      InstancePool<Thing> pool =
          pools.started(
              allocator.onCreate(() -> {}, ThingAllocator.fail(new IOException("scripted"))),
              c -> c.bounds(1, 1));
      try (Lease<Thing> lease = pool.checkout(LONG)) {
        assertThatThrownBy(() -> pool.checkout(Duration.ofMillis(1)))
            .isInstanceOf(CheckoutTimeoutException.class);
        lease.markUnusable(new IllegalStateException("trap"));
      }
      eventually().until(() -> pool.stats().created() == 2);
      recording.stop();
      recording.dump(file);
    }
    return RecordingFile.readAllEvents(file).stream()
        .filter(event -> event.getEventType().getName().startsWith("gonext."))
        .toList();
  }

  /** In chronological order; a recording groups the events by thread. */
  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(e -> e.getEventType().getName().equals(name))
        .sorted(Comparator.comparing(RecordedEvent::getStartTime))
        .toList();
  }

  @Test
  void a_recording_with_the_events_enabled_has_waits_creations_and_recyclings() throws Exception {
    List<RecordedEvent> events = record(true);

    assertThat(named(events, "gonext.Checkout"))
        .singleElement()
        .satisfies(event -> {
          assertThat(event.getString("pool")).isEqualTo("test");
          assertThat(event.getString("outcome")).isEqualTo("CheckoutTimeoutException");
          assertThat(event.getDuration()).isPositive();
        });
    assertThat(named(events, "gonext.Recycle"))
        .singleElement()
        .satisfies(event -> assertThat(event.getString("reason")).isEqualTo("unusable"));
    assertThat(named(events, "gonext.Create")).hasSize(3);
    assertThat(named(events, "gonext.Create").get(0).getLong("weight")).isEqualTo(64);
    assertThat(named(events, "gonext.Create").get(1).getString("failure"))
        .isEqualTo(IOException.class.getName());
  }

  @Test
  void a_recording_without_the_events_enabled_has_none() throws Exception {
    assertThat(record(false)).isEmpty();
  }
}
