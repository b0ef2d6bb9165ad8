package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.internal.store.NextRevision;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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

  private static void change(PluginStore store, PluginState state) {
    StoredPlugin read = store.find("upper").orElseThrow();
    assertThat(store.change(read, NextRevision.in(read, state))).isTrue();
  }
}
