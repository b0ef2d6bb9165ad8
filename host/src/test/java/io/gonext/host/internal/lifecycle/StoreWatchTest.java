package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.TestPostgres;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.cumulative.CumulativeCounter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What another host changes is heard of by a notification alone: nothing is polled here. */
@Tag("slow")
class StoreWatchTest {
  /** What is promised. */
  private static final Duration BOUND = Duration.ofSeconds(2);

  private final Database database = Database.postgreSql(TestPostgres.createDatabase());
  @TempDir private Path one;
  @TempDir private Path two;

  @Test
  void a_change_by_another_host_is_live_within_two_seconds() throws InterruptedException {
    try (PluginStore store = PluginStore.open(one, database);
        PluginStore other = PluginStore.open(two, database);
        TestLifecycle host = new TestLifecycle(store, System::nanoTime)) {
      host.activate("upper");
      try (StoreWatch _ =
          StoreWatch.start(
              store,
              host.lifecycle(),
              host.meters(),
              Duration.ofHours(1),
              new NodePresence(store.nodes(), "one", "0", List::of, () -> 0, System::nanoTime),
              () -> {})) {
        for (int i = 0; i < 3; i++) {
          await().until(() -> host.lifecycle().active("upper").isPresent());
          change(other, PluginState.INACTIVE);
          await().atMost(BOUND).until(() -> host.lifecycle().active("upper").isEmpty());
          change(other, PluginState.ACTIVE);
        }
        await().until(() -> host.lifecycle().active("upper").isPresent());
        assertThat(host.lifecycle().faults()).isEmpty();
      }
    }
  }

  @Test
  void a_host_follows_the_store_where_even_a_counter_has_no_memory() throws InterruptedException {
    AtomicInteger full = new AtomicInteger(3);
    SimpleMeterRegistry meters =
        new SimpleMeterRegistry() {
          @Override
          protected Counter newCounter(Meter.Id id) {
            return new CumulativeCounter(id) {
              @Override
              public void increment(double amount) {
                throw new OutOfMemoryError("of a test");
              }
            };
          }
        };
    try (PluginStore store = PluginStore.open(one, database);
        TestLifecycle host = new TestLifecycle(store, System::nanoTime);
        StoreWatch watch =
            StoreWatch.start(
                store,
                host.lifecycle(),
                meters,
                Duration.ofMillis(5),
                new NodePresence(store.nodes(), "one", "0", List::of, () -> 0, System::nanoTime),
                () -> {
                  if (full.getAndDecrement() > 0) {
                    throw new OutOfMemoryError("of a test");
                  }
                })) {
      await().until(() -> full.get() < -1);
      assertThat(watch.isAlive()).isTrue();
    }
  }

  private static void change(PluginStore store, PluginState state) {
    StoredPlugin read = store.find("upper").orElseThrow();
    assertThat(store.change(read, NextRevision.in(read, state))).isTrue();
  }
}
