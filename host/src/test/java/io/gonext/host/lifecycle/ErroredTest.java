package io.gonext.host.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.hook.HookBus;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.store.Database;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** A plugin that the host takes out of service by itself. */
class ErroredTest {
  private static final JsonNode VALUE = StrictJson.valueOf("a");

  @TempDir private Path data;
  private final AtomicLong nanos = new AtomicLong();
  private PluginStore store;
  private TestLifecycle host;
  private Lifecycle lifecycle;
  private HookBus hooks;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded());
    host = new TestLifecycle(store, nanos::get);
    lifecycle = host.lifecycle();
    hooks = host.hooks();
    host.activate("trap");
    host.activate("upper");
  }

  @AfterEach
  void close() {
    host.close();
    store.close();
  }

  @Test
  void the_third_opening_of_its_breaker_within_an_hour_ends_a_plugins_service()
      throws InterruptedException {
    openThreeTimes();
    assertThat(state("trap")).isEqualTo(PluginState.ERRORED);
    assertThat(lifecycle.troubles())
        .containsOnlyKeys("trap")
        .hasEntrySatisfying(
            "trap",
            why ->
                assertThat(why)
                    .isEqualTo(
                        "ERRORED: its circuit breaker opened 3 times within an hour,"
                            + " last failure UNREACHABLE"));
    await()
        .untilAsserted(() ->
            assertThat(host.audit().newest("trap", 100))
                .filteredOn(row -> row.event().equals("errored"))
                .singleElement()
                .satisfies(row -> {
                  assertThat(row.actor()).isEqualTo("host");
                  assertThat(row.detail()).contains("opened 3 times", "UNREACHABLE");
                }));
    // Its neighbour in the chain serves on, and nobody waits for it any more.
    assertThat(hooks.applyFilters("h", VALUE, List.of()).value())
        .isEqualTo(StrictJson.valueOf("A"));
    assertThat(hooks.applyFilters("h", VALUE, List.of()).degraded()).isEmpty();
    assertThat(state("upper")).isEqualTo(PluginState.ACTIVE);
  }

  @Test
  void an_operator_who_resets_it_starts_anew() throws InterruptedException {
    openThreeTimes();
    assertThatThrownBy(() -> lifecycle.activate("trap"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("reset it first");
    lifecycle.reset("trap");
    lifecycle.activate("trap");
    assertThat(lifecycle.troubles()).isEmpty();
    call(4);
    assertThat(lifecycle.troubles()).isEmpty();
    assertThat(state("trap")).isEqualTo(PluginState.ACTIVE);
  }

  @Test
  void one_that_cannot_start_with_the_host_is_errored_and_the_others_start() throws Exception {
    host.close();
    store.close();
    damage("trap");
    store = PluginStore.open(data, Database.embedded());
    host = new TestLifecycle(store, nanos::get);
    lifecycle = host.lifecycle();
    hooks = host.hooks();
    lifecycle.startActive();
    assertThat(state("trap")).isEqualTo(PluginState.ERRORED);
    assertThat(state("upper")).isEqualTo(PluginState.ACTIVE);
    assertThat(lifecycle.troubles()).containsOnlyKeys("trap");
    assertThat(hooks.applyFilters("h", VALUE, List.of()).value())
        .isEqualTo(StrictJson.valueOf("A"));

    // And a version that can be read takes its place, though nobody can compare the two.
    lifecycle.update(Bundle.read(GuestBundle.of("trap").version("2.0.0").filter("other").bytes()));
    lifecycle.reset("trap");
    lifecycle.activate("trap");
    assertThat(lifecycle.troubles()).isEmpty();
  }

  /** As an older host may have left it, whose manifests this one does not read. */
  private void damage(String name) throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:h2:file:" + data.resolve("gonext"));
        PreparedStatement update =
            connection.prepareStatement("update plugin_version set bundle = ? where name = ?")) {
      update.setBytes(1, new byte[] {1});
      update.setString(2, name);
      assertThat(update.executeUpdate()).isEqualTo(1);
    }
  }

  private void openThreeTimes() throws InterruptedException {
    call(5);
    for (int i = 0; i < 2; i++) {
      assertThat(state("trap")).isEqualTo(PluginState.ACTIVE);
      nanos.addAndGet(Duration.ofSeconds(61).toNanos());
      call(1);
    }
    await().until(() -> lifecycle.active("trap").isEmpty());
  }

  private void call(int times) throws InterruptedException {
    for (int i = 0; i < times; i++) {
      assertThat(hooks.applyFilters("h", VALUE, List.of()).degraded()).hasSize(1);
    }
  }

  private PluginState state(String name) {
    return store.find(name).map(StoredPlugin::state).orElseThrow();
  }
}
