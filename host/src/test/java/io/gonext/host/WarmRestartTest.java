package io.gonext.host;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.StoreFixture;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

/** A host that is opened again exercises its plugins with what they were called with before. */
@ParameterizedClass
@EnumSource
@Execution(ExecutionMode.CONCURRENT)
class WarmRestartTest {
  private static final String PLAINTEXT = "user-data-7Qx";

  /**
   * Beside other tests, the JIT compiler may never be calm: then this is how long a start takes.
   */
  private static final Duration WARM_UP = Duration.ofSeconds(5);

  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir private Path data;
  private final StoreFixture fixture;
  private final Database database;
  private final MasterKey key = MasterKey.random();
  private final MasterKey nextKey = MasterKey.random();
  private final List<PluginEvent> events = new CopyOnWriteArrayList<>();
  private SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private Host host;

  WarmRestartTest(StoreFixture fixture) {
    this.fixture = fixture;
    this.database = fixture.create();
  }

  @BeforeEach
  void open() throws InterruptedException {
    open(WARM_UP);
  }

  @AfterEach
  void close() {
    host.close();
  }

  private HostConfig.Builder config(Duration warmUp) {
    meters = new SimpleMeterRegistry();
    return Patience.config(data).toBuilder()
        .database(database)
        .meters(meters)
        .masterKey(key)
        .nextMasterKey(nextKey)
        .eventListener(events::add)
        .updates(UpdatePolicy.development())
        .warmUp(warmUp);
  }

  private void open(Duration warmUp) throws InterruptedException {
    host = Host.open(config(warmUp).build());
  }

  private void reopen() throws InterruptedException {
    host.close();
    open();
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    byte[] bytes = bundle.bytes();
    String name = host.plugins().install(bytes).manifest().name();
    host.plugins().grantRequested(name);
    host.plugins().activate(name);
  }

  private void awaitWarm() {
    await().atMost(LONG).until(() -> !host.health().warmUp().isWarming());
  }

  private double exercised() {
    return meters.get("gonext.warmup.calls").counter().count();
  }

  /** Of a closed host. */
  private Set<String> kept() {
    try (PluginStore store = PluginStore.open(data, database)) {
      return store.recentInputs().plugins();
    }
  }

  private static GuestBundle upper() {
    return GuestBundle.of("upper").filter("shout");
  }

  @Test
  void a_restart_exercises_a_plugin_with_the_inputs_of_its_hooks_and_routes() throws Exception {
    activate(upper());
    activate(GuestBundle.of("app", Guests.wasm("version-1")).route("GET", "/"));
    activate(GuestBundle.of("idle", Guests.wasm("upper")).filter("never"));
    assertThat(host.health().warmUp()).isEqualTo(new WarmUpProgress(false, 0, 0));
    assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    assertThat(host.serve("app", new PluginRequest("GET", "/", "", Map.of(), new byte[0])))
        .isInstanceOf(RouteOutcome.Answered.class);

    reopen();
    assertThat(host.health().warmUp().plugins()).isEqualTo(3);
    // It serves while it is exercised.
    assertThat(host.applyFilters("shout", "b").value().stringValue()).isEqualTo("B");
    awaitWarm();
    assertThat(host.health().warmUp()).isEqualTo(new WarmUpProgress(false, 3, 3));
    assertThat(exercised()).isGreaterThan(10_000);
    assertThat(meters.get("gonext.warmup.plugins").tag("state", "done").gauge().value())
        .isEqualTo(3);
    assertThat(meters.get("gonext.warmup.plugins").tag("state", "waiting").gauge().value())
        .isZero();
    // The pool has seen the request alone.
    assertThat(host.health().pool("upper").orElseThrow().checkouts()).isEqualTo(2);
    host.close();
    assertThat(kept()).containsExactly("app", "upper");
  }

  @Test
  void inputs_of_an_earlier_run_are_kept_until_there_are_newer_ones() throws Exception {
    activate(upper());
    host.applyFilters("shout", "a");
    reopen();
    reopen();
    awaitWarm();
    assertThat(exercised()).isPositive();
  }

  @Test
  void a_host_without_inputs_is_ready_at_once() throws Exception {
    activate(upper());
    reopen();
    assertThat(host.health().warmUp()).isEqualTo(new WarmUpProgress(false, 1, 1));
    assertThat(host.health().warmUp().isWarming()).isFalse();
  }

  @Test
  void a_host_without_a_budget_is_ready_at_once_and_keeps_nothing() throws Exception {
    activate(upper());
    host.applyFilters("shout", "a");
    host.close();
    assertThat(kept()).containsExactly("upper");
    open(Duration.ZERO);
    assertThat(host.health().warmUp().isWarming()).isFalse();
    host.applyFilters("shout", "a");
    assertThat(exercised()).isZero();
    host.close();
    assertThat(kept()).isEmpty();
  }

  @Test
  void a_plugin_that_does_not_want_it_is_not_exercised_and_its_inputs_are_not_kept()
      throws Exception {
    activate(upper());
    host.applyFilters("shout", PLAINTEXT);
    reopen();
    host.plugins().update(upper().version("2.0.0").field("warm_up", "false").bytes());
    host.applyFilters("shout", PLAINTEXT);
    host.close();
    assertThat(kept()).isEmpty();
    open();
    assertThat(host.health().warmUp()).isEqualTo(new WarmUpProgress(false, 1, 1));
  }

  @Test
  void the_inputs_of_a_plugin_go_when_it_goes() throws Exception {
    activate(upper());
    host.applyFilters("shout", "a");
    reopen();
    host.plugins().deactivate("upper");
    host.plugins().uninstall("upper");
    host.close();
    assertThat(kept()).isEmpty();
    open();
  }

  @Test
  void kept_inputs_are_encrypted() throws Exception {
    activate(upper());
    host.applyFilters("shout", PLAINTEXT);
    host.close();
    byte[] stored;
    try (PluginStore store = PluginStore.open(data, database)) {
      stored = store.recentInputs().read("upper").orElseThrow();
    }
    assertThat(new String(stored, ISO_8859_1))
        .doesNotContain(PLAINTEXT)
        .doesNotContain("shout")
        .hasSizeGreaterThan(PLAINTEXT.length());
    try (Stream<Path> files = Files.walk(data)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(Files.readString(file, ISO_8859_1)).doesNotContain(PLAINTEXT);
      }
    }
    open();
    awaitWarm();
    assertThat(exercised()).isPositive();
  }

  @Test
  void a_rotation_of_the_master_key_deletes_what_was_kept_and_hosts_keep_it_again()
      throws Exception {
    activate(upper());
    host.applyFilters("shout", "a");
    reopen();
    awaitWarm();
    host.secrets().rotateMaster();
    host.applyFilters("shout", "b");
    host.close();
    assertThat(kept()).containsExactly("upper");
    // The old key is not needed any more.
    meters = new SimpleMeterRegistry();
    host =
        Host.open(
            HostConfig.builder(data).database(database).meters(meters).masterKey(nextKey).build());
    awaitWarm();
    assertThat(exercised()).isPositive();
    host.close();
    Secrets.rotateMaster(
        HostConfig.builder(data).database(database).masterKey(nextKey).nextMasterKey(key).build());
    assertThat(kept()).isEmpty();
  }

  @Test
  void inputs_that_another_key_encrypted_are_not_used() throws Exception {
    activate(upper());
    host.applyFilters("shout", "a");
    host.close();
    meters = new SimpleMeterRegistry();
    host =
        Host.open(
            HostConfig.builder(data)
                .database(database)
                .meters(meters)
                .masterKey(MasterKey.random())
                .build());
    awaitWarm();
    assertThat(exercised()).isZero();
  }

  @Test
  void a_host_makes_a_key_of_its_own_only_for_a_store_of_its_own() throws Exception {
    host.close();
    HostConfig own = HostConfig.builder(data).database(database).build();
    host = Host.open(own);
    activate(upper());
    host.applyFilters("shout", "a");
    host.close();
    assertThat(kept().isEmpty()).isEqualTo(fixture == StoreFixture.POSTGRESQL);
    assertThat(Files.exists(data.resolve("master.key"))).isEqualTo(fixture == StoreFixture.H2);
  }

  @Test
  void hosts_on_one_database_use_what_the_last_one_kept(@TempDir Path other) throws Exception {
    assumeThat(fixture).as("one host at a time uses a file").isNotEqualTo(StoreFixture.H2);
    activate(upper());
    try (Host second =
        Host.open(
            HostConfig.builder(other)
                .database(database)
                .masterKey(key)
                .nextMasterKey(nextKey)
                .build())) {
      assertThat(second.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");
    }
    // This host has no inputs of its own, and leaves those of the other one.
    reopen();
    awaitWarm();
    assertThat(exercised()).isPositive();
  }

  @Test
  void the_exercise_changes_nothing_and_is_not_counted_as_calls() throws Exception {
    activate(
        GuestBundle.of("entries", Guests.wasm("kv"))
            .filter("kv")
            .field("capabilities", "[\"hooks.subscribe\",\"kv.read\",\"kv.write\"]"));
    activate(
        GuestBundle.of("jobs")
            .filter("enqueue")
            .field("capabilities", "[\"hooks.subscribe\",\"jobs.enqueue\"]")
            .field("jobs", "[\"ok\"]"));
    activate(
        GuestBundle.of("events")
            .filter("once")
            .field("capabilities", "[\"hooks.subscribe\",\"events.emit\"]"));
    activate(GuestBundle.of("logs").filter("logs"));
    assertThat(host.applyFilters("kv", "icount=1").value().asString()).isEqualTo("1");
    assertThat(host.applyFilters("enqueue", Map.of("job", "ok")).degraded()).isEmpty();
    assertThat(host.applyFilters("once", Map.of("a", 1)).degraded()).isEmpty();
    host.applyFilters("logs", "a");
    await().until(() -> host.jobs().list("jobs", Optional.empty(), 10).size() == 1);
    host.close();
    events.clear();

    open();
    final List<AuditRow> audit = host.audit().newest(100);
    awaitWarm();
    assertThat(exercised()).isGreaterThan(30_000);
    assertThat(timesOfCalls()).isEmpty();
    for (String plugin : List.of("entries", "jobs", "events", "logs")) {
      assertThat(host.logs().recent(plugin)).isEmpty();
      assertThat(host.health().failedTurns(plugin)).isZero();
    }
    HostTest.assertBalanced(host);
    assertThat(host.audit().newest(100)).isEqualTo(audit);
    assertThat(events).isEmpty();
    assertThat(host.jobs().list("jobs", Optional.empty(), 10)).hasSize(1);
    assertThat(host.applyFilters("kv", "icount=1").value().asString()).isEqualTo("2");
  }

  private List<String> timesOfCalls() {
    List<String> counted = new ArrayList<>();
    for (Meter meter : meters.getMeters()) {
      if (meter instanceof Timer timer
          && timer.count() > 0
          && !timer.getId().getName().startsWith("gonext.plugin.pool.")
          && meter.getId().getTag("plugin") != null) {
        counted.add(meter.getId().toString());
      }
    }
    return counted;
  }
}
