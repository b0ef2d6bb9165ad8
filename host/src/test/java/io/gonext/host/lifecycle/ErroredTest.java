package io.gonext.host.lifecycle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.guests.GuestBundle;
import io.gonext.host.abi.PluginLogs;
import io.gonext.host.audit.AuditLog;
import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.capability.Grants;
import io.gonext.host.failure.ConflictException;
import io.gonext.host.hook.HookBus;
import io.gonext.host.json.StrictJson;
import io.gonext.host.kv.KeyValues;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.route.RouteRate;
import io.gonext.host.store.Database;
import io.gonext.host.store.KeyValueQuota;
import io.gonext.host.store.PluginState;
import io.gonext.host.store.PluginStore;
import io.gonext.host.store.StoredPlugin;
import io.gonext.pool.Ticker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.semver4j.Semver;
import tools.jackson.databind.JsonNode;

/** A plugin that the host takes out of service by itself. */
class ErroredTest {
  private static final JsonNode VALUE = StrictJson.valueOf("a");

  @TempDir private Path data;
  private final AtomicLong nanos = new AtomicLong();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private final HookBus hooks =
      new HookBus(
          meters,
          OpenTelemetry.noop(),
          Duration.ofSeconds(3),
          Duration.ofSeconds(1),
          Ticker.system());
  private PluginStore store;
  private HostServices services;
  private Engine engine;
  private Lifecycle lifecycle;

  @BeforeEach
  void open() throws InterruptedException {
    store = PluginStore.open(data, Database.embedded());
    services =
        new HostServices(
            new Grants(store.grants(), CapabilityRegistry.standard()),
            new AuditLog(store.audit(), meters, InstantSource.system()),
            new KeyValues(store.keyValues(), KeyValueQuota.defaults()),
            new PluginLogs(),
            meters,
            InstantSource.system());
    engine = new Engine(EngineLimits.defaults());
    lifecycle =
        Lifecycle.of(
            store,
            new Lifecycle.Parts(
                engine, hooks, meters, services, new CallGuards(RouteRate.UNLIMITED, nanos::get)),
            OperatorLimits.defaults(),
            UpdatePolicy.defaults(),
            new Semver("1.0.0"));
    activate("trap");
    activate("upper");
  }

  @AfterEach
  void close() throws InterruptedException {
    lifecycle.stopAll(Duration.ofSeconds(5));
    engine.close();
    services.close();
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
            assertThat(services.audit().newest("trap", 100))
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

  private void activate(String guest) throws InterruptedException {
    lifecycle.install(Bundle.read(GuestBundle.of(guest).filter("h").bytes()));
    lifecycle.activate(guest);
  }
}
