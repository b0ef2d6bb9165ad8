package io.gonext.host.internal.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.ConflictException;
import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.StoredPlugin;
import io.gonext.host.internal.hook.HookBus;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.json.StrictJson;
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
  private final AtomicLong ahead = new AtomicLong();
  private PluginStore store;
  private TestLifecycle host;
  private Lifecycle lifecycle;
  private HookBus hooks;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded());
    host = new TestLifecycle(store, this::nanoTime);
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
  void a_plugin_whose_breaker_was_open_most_of_ten_minutes_is_out_of_service()
      throws InterruptedException {
    long began = nanoTime();
    failUntilErrored();
    assertThat(Duration.ofNanos(nanoTime() - began))
        .isBetween(Duration.ofMinutes(8), Duration.ofMinutes(10));
    assertThat(state("trap")).isEqualTo(PluginState.ERRORED);
    assertThat(lifecycle.troubles())
        .containsOnlyKeys("trap")
        .hasEntrySatisfying(
            "trap",
            why ->
                assertThat(why)
                    .isEqualTo(
                        "ERRORED: its circuit breaker for h was open most of the last 600 s,"
                            + " last failure UNREACHABLE"));
    await()
        .untilAsserted(() ->
            assertThat(host.audit().newest("trap", 100))
                .filteredOn(row -> row.event().equals("errored"))
                .singleElement()
                .satisfies(row -> {
                  assertThat(row.actor()).isEqualTo("host");
                  assertThat(row.detail()).contains("open most of the last", "UNREACHABLE");
                }));
    // Its neighbour in the chain serves on, and nobody waits for it any more.
    assertThat(hooks.applyFilters("h", VALUE, List.of()).value())
        .isEqualTo(StrictJson.valueOf("A"));
    assertThat(hooks.applyFilters("h", VALUE, List.of()).degraded()).isEmpty();
    assertThat(state("upper")).isEqualTo(PluginState.ACTIVE);
  }

  @Test
  void a_hook_that_always_fails_ends_no_service_while_another_answers()
      throws InterruptedException {
    host.activate(GuestBundle.of("stop").filter("bad").filter("good"));
    JsonNode nonsense = StrictJson.valueOf("flag");
    for (int minute = 0; minute < 20; minute++) {
      for (int call = 0; call < 20; call++) {
        hooks.applyFilters("bad", nonsense, List.of());
      }
      assertThat(hooks.applyFilters("good", VALUE, List.of()).degraded()).isEmpty();
      ahead.addAndGet(Duration.ofSeconds(60).toNanos());
    }
    assertThat(breaker("stop", "bad", "opened")).isGreaterThan(15);
    assertThat(breaker("stop", "good", "opened")).isZero();
    assertThat(breaker("stop", "bad", "refused")).isGreaterThan(15);
    assertThat(state("stop")).isEqualTo(PluginState.ACTIVE);
    assertThat(lifecycle.troubles())
        .containsEntry("stop", "bad: circuit breaker half open, last failure BAD_ANSWER");
  }

  @Test
  void the_state_of_each_breaker_is_a_gauge_of_the_version_that_serves()
      throws InterruptedException {
    call(20);
    assertThat(breakerState("trap")).isEqualTo(2);
    assertThat(breakerState("upper")).isZero();
    ahead.addAndGet(Duration.ofSeconds(1).toNanos());
    assertThat(breakerState("trap")).isEqualTo(1);
    lifecycle.update(
        TestLifecycle.delivered(GuestBundle.of("trap").version("2.0.0").filter("h").bytes()));
    assertThat(breakerState("trap")).as("an update begins anew").isZero();
    lifecycle.deactivate("trap", false, name -> {});
    assertThat(host.meters().find("gonext.plugin.breaker.state").tag("plugin", "trap").gauge())
        .isNull();
    lifecycle.activate("trap");
    assertThat(breakerState("trap")).isZero();
  }

  private double breakerState(String plugin) {
    return host.meters().get("gonext.plugin.breaker.state").tag("plugin", plugin).gauge().value();
  }

  private double breaker(String plugin, String hook, String what) {
    return host.meters()
        .get("gonext.plugin.breaker." + what)
        .tags("plugin", plugin, "hook", hook)
        .counter()
        .count();
  }

  @Test
  void an_operator_who_resets_it_starts_anew() throws InterruptedException {
    failUntilErrored();
    assertThatThrownBy(() -> lifecycle.activate("trap"))
        .isInstanceOf(ConflictException.class)
        .hasMessageContaining("reset it first");
    lifecycle.reset("trap");
    lifecycle.activate("trap");
    assertThat(lifecycle.troubles()).isEmpty();
    call(19);
    assertThat(lifecycle.troubles()).isEmpty();
    assertThat(state("trap")).isEqualTo(PluginState.ACTIVE);
  }

  @Test
  void one_that_cannot_start_with_the_host_is_errored_and_the_others_start() throws Exception {
    host.close();
    store.close();
    damage("trap");
    store = PluginStore.open(data, Database.embedded());
    host = new TestLifecycle(store, this::nanoTime);
    lifecycle = host.lifecycle();
    hooks = host.hooks();
    lifecycle.startActive();
    assertThat(state("trap")).isEqualTo(PluginState.ERRORED);
    assertThat(state("upper")).isEqualTo(PluginState.ACTIVE);
    assertThat(lifecycle.troubles()).containsOnlyKeys("trap");
    assertThat(hooks.applyFilters("h", VALUE, List.of()).value())
        .isEqualTo(StrictJson.valueOf("A"));

    // And a version that can be read takes its place, though nobody can compare the two.
    lifecycle.update(
        TestLifecycle.delivered(GuestBundle.of("trap").version("2.0.0").filter("other").bytes()));
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

  /** Calls it whenever it may be called: for a little more than eight minutes. */
  private void failUntilErrored() throws InterruptedException {
    call(20);
    for (int opening = 0; opening < 13; opening++) {
      assertThat(state("trap")).isEqualTo(PluginState.ACTIVE);
      ahead.addAndGet(Duration.ofSeconds(Math.min(1 << opening, 60)).toNanos());
      call(3);
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

  private long nanoTime() {
    return System.nanoTime() + ahead.get();
  }
}
