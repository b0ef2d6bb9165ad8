package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.internal.store.TestPostgres;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two hosts on one PostgreSQL database. */
@Tag("slow")
class NodesTest {
  /** What is promised is 2 s; this is for machines that do other things as well. */
  private static final Duration BOUND = Duration.ofSeconds(20);

  private static final Capability OWN =
      new Capability("invoices.read", "Read invoices", "invoices", "read", true);

  private final String url = TestPostgres.createDatabase();
  @TempDir private Path one;
  @TempDir private Path two;
  private Host here;
  private Host there;

  @BeforeEach
  void open() throws InterruptedException {
    here = Host.open(config(one));
    there = Host.open(config(two));
  }

  @AfterEach
  void every_lease_came_back() {
    for (Host host : List.of(here, there)) {
      HostTest.assertBalanced(host);
      host.close();
    }
  }

  @Test
  void a_change_on_one_node_is_served_by_the_other() throws InterruptedException {
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    there.plugins().update(version("2").bytes());
    assertThat(served(there)).isEqualTo("2");
    awaitServed(here, "2");
    here.plugins().rollback("app");
    awaitServed(there, "1");
    there.plugins().deactivate("app");
    awaitServed(here, "nothing");
    here.plugins().uninstall("app");
    assertThat(there.plugins().list()).isEmpty();
    here.plugins().install(version("2").bytes());
    there.plugins().activate("app");
    awaitServed(here, "2");
    assertThat(here.health().faults()).isEmpty();
    assertThat(there.health().faults()).isEmpty();
  }

  @Test
  void hosts_see_each_other_until_they_are_closed() throws InterruptedException {
    await().atMost(BOUND).until(() -> here.health().nodes().size() == 2);
    assertThat(here.health().nodes())
        .allSatisfy(node -> {
          assertThat(node.isHeard()).isTrue();
          assertThat(node.name()).isNotEmpty();
          assertThat(node.version()).isEqualTo(Host.version());
          assertThat(node.lag()).isLessThan(BOUND);
          assertThat(node.faults()).isEmpty();
          assertThat(node.compiling()).isZero();
        })
        .filteredOn(HostNode::isThis)
        .hasSize(1);
    String other =
        here.health().nodes().stream().filter(node -> !node.isThis()).findAny().orElseThrow().id();
    there.close();
    assertThat(here.health().nodes()).extracting(HostNode::id).doesNotContain(other).hasSize(1);
    there = Host.open(config(two));
    await().atMost(BOUND).until(() -> here.health().nodes().size() == 2);
    // One that was killed says nothing more, and is forgotten after an hour.
    TestPostgres.execute(
        url,
        "insert into host_node select 'killed', name, version, started_at,"
            + " current_timestamp - interval '21' second, 0, 0, faults from host_node"
            + " fetch first 1 rows only");
    assertThat(here.health().nodes())
        .filteredOn(node -> node.id().equals("killed"))
        .singleElement()
        .satisfies(node -> assertThat(node.isHeard()).isFalse());
    TestPostgres.execute(
        url,
        "update host_node set seen_at = current_timestamp - interval '61' minute"
            + " where id = 'killed'");
    assertThat(here.health().nodes()).hasSize(2);
    there.close();
    there = Host.open(config(two));
    await()
        .atMost(BOUND)
        .until(() -> TestPostgres.queryInt(url, "select count(*) from host_node") == 2);
  }

  @Test
  void a_host_that_joins_serves_what_the_others_do() throws InterruptedException {
    there.close();
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    there = Host.open(config(two));
    assertThat(served(there)).isEqualTo("1");
  }

  @Test
  void a_capability_revoked_on_one_node_is_denied_on_the_other() throws InterruptedException {
    here.plugins()
        .install(
            GuestBundle.of("asks").filter("ask").field("capabilities", "[\"db.read\"]").bytes());
    here.plugins().activate("asks");
    await().atMost(BOUND).until(() -> there.health().pool("asks").isPresent());
    assertThat(answer(there)).isEqualTo(-1);
    here.plugins().grant("asks", "db.read");
    await().atMost(BOUND).until(() -> answer(there) == -3);
    here.plugins().revoke("asks", "db.read");
    await().atMost(BOUND).until(() -> answer(there) == -1);
  }

  @Test
  void a_master_key_is_replaced_while_all_nodes_read_and_write_secrets() throws Exception {
    MasterKey old = MasterKey.random();
    MasterKey next = MasterKey.random();
    reopen(old, old);
    here.plugins()
        .install(
            GuestBundle.of("settings")
                .filter("h")
                .field("secrets", "{\"keys\":[\"API_KEY\"]}")
                .bytes());
    here.plugins().grantRequested("settings");
    here.plugins().activate("settings");
    here.secrets().set("settings", "API_KEY", "one".getBytes(StandardCharsets.UTF_8));
    // One node after the other gets the next key.
    reopenWithNext(old, next);
    await().atMost(BOUND).until(() -> secret(there).equals("\"one\""));
    assertThat(here.secrets().rotateMaster()).containsExactly("settings");
    assertThat(secret(here)).isEqualTo("\"one\"");
    there.secrets().set("settings", "API_KEY", "two".getBytes(StandardCharsets.UTF_8));
    assertThat(secret(there)).isEqualTo("\"two\"");
    await().atMost(BOUND).until(() -> secret(here).equals("\"two\""));
    // A node with the old key alone cannot start any more; those with the next one can.
    here.close();
    assertThatThrownBy(() -> Host.open(keyed(one, old).build()).close())
        .isInstanceOf(StoreException.class)
        .hasMessageContaining("another master key");
    there.close();
    reopen(next, next);
    assertThat(secret(here)).isEqualTo("\"two\"");
    assertThat(secret(there)).isEqualTo("\"two\"");
  }

  private HostConfig.Builder keyed(Path data, MasterKey key) {
    return config(data).toBuilder().masterKey(key);
  }

  private void reopen(MasterKey ofHere, MasterKey ofThere) throws InterruptedException {
    here.close();
    there.close();
    here = Host.open(keyed(one, ofHere).build());
    there = Host.open(keyed(two, ofThere).build());
  }

  private void reopenWithNext(MasterKey key, MasterKey next) throws InterruptedException {
    here.close();
    here = Host.open(keyed(one, key).nextMasterKey(next).build());
    there.close();
    there = Host.open(keyed(two, key).nextMasterKey(next).build());
  }

  private static String secret(Host host) throws InterruptedException {
    return host.applyFilters("h", "sAPI_KEY").value().toString();
  }

  @Test
  void a_change_that_nobody_announced_is_seen_all_the_same() throws InterruptedException {
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    TestPostgres.execute(url, "update plugin set state = 'INACTIVE', revision = revision + 1");
    awaitServed(here, "nothing");
    awaitServed(there, "nothing");
  }

  @Test
  void a_host_that_lost_the_connection_it_listens_on_listens_again() throws InterruptedException {
    String listeners =
        "select count(*) from pg_stat_activity where application_name = 'gonext-listener'"
            + " and datname = current_database()";
    await().atMost(BOUND).until(() -> TestPostgres.queryInt(url, listeners) == 2);
    TestPostgres.execute(url, listeners.replace("count(*)", "pg_terminate_backend(pid)"));
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    await().atMost(BOUND).until(() -> TestPostgres.queryInt(url, listeners) == 2);
    here.plugins().deactivate("app");
    awaitServed(there, "nothing");
  }

  @Test
  void a_plugin_that_does_not_start_on_one_host_is_a_fault_of_that_host_alone()
      throws InterruptedException {
    here.capabilities().register(OWN);
    here.plugins().install(version("1").field("capabilities", "[\"invoices.read\"]").bytes());
    here.plugins().activate("app");
    await().atMost(BOUND).until(() -> !there.health().faults().isEmpty());
    assertThat(there.health().faults())
        .singleElement()
        .satisfies(fault -> {
          assertThat(fault.plugin()).isEqualTo("app");
          assertThat(fault.cause()).contains("invoices.read");
        });
    // The other host sees that, too.
    await()
        .atMost(BOUND)
        .untilAsserted(() ->
            assertThat(here.health().nodes())
                .filteredOn(node -> !node.isThis())
                .singleElement()
                .satisfies(node ->
                    assertThat(node.faults())
                        .hasEntrySatisfying(
                            "app", cause -> assertThat(cause).contains("invoices.read"))));
    there.close();
    there = Host.open(config(two));
    assertThat(there.health().faults()).extracting(NodeFault::plugin).containsExactly("app");
    assertThat(here.plugins().list())
        .extracting(StoredPlugin::state)
        .containsExactly(PluginState.ACTIVE);
    assertThat(served(here)).isEqualTo("1");

    there.capabilities().register(OWN);
    awaitServed(there, "1");
    await().atMost(BOUND).until(() -> there.health().faults().isEmpty());
  }

  @Test
  void a_version_that_cannot_take_over_on_one_host_leaves_the_old_one_there()
      throws InterruptedException {
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    here.capabilities().register(OWN);
    here.plugins().update(version("2").field("capabilities", "[\"invoices.read\"]").bytes());
    here.plugins().approve("app");
    assertThat(served(here)).isEqualTo("2");
    await().atMost(BOUND).until(() -> !there.health().faults().isEmpty());
    assertThat(served(there)).isEqualTo("1");
    here.plugins().rollback("app");
    await().atMost(BOUND).until(() -> there.health().faults().isEmpty());
    assertThat(served(there)).isEqualTo("1");
  }

  @Test
  void a_plugin_that_a_host_cannot_start_can_be_taken_out_of_service_there()
      throws InterruptedException {
    here.capabilities().register(OWN);
    here.plugins().install(version("1").field("capabilities", "[\"invoices.read\"]").bytes());
    here.plugins().activate("app");
    await().atMost(BOUND).until(() -> !there.health().faults().isEmpty());
    assertThatThrownBy(() -> there.plugins().activate("app")).hasMessageContaining("invoices.read");
    there.plugins().deactivate("app");
    assertThat(there.health().faults()).isEmpty();
    awaitServed(here, "nothing");
  }

  @Test
  void of_two_installations_at_once_one_wins_and_the_other_conflicts() throws Exception {
    List<String> outcomes =
        atOnce(
            () -> here.plugins().install(version("1").bytes()).sha256(),
            () -> there.plugins().install(version("2").bytes()).sha256());
    assertThat(outcomes).filteredOn(outcome -> outcome.startsWith("told: ")).hasSize(1);
    assertThat(outcomes).contains(here.plugins().list().getFirst().current().sha256());
  }

  @Test
  void of_two_who_update_at_once_one_wins_and_both_serve_what_it_put_there() throws Exception {
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    GuestBundle other = version("2").version("2.0.1");
    List<String> outcomes;
    try (Connection holder = DriverManager.getConnection(url)) {
      // Both have read the same revision by the time they wait for its row.
      holder.setAutoCommit(false);
      try (Statement lock = holder.createStatement()) {
        lock.execute("select 1 from plugin for update");
      }
      CompletableFuture<Void> released =
          CompletableFuture.runAsync(() -> {
            String waiting =
                "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
                    + " and datname = current_database()";
            await().atMost(BOUND).until(() -> TestPostgres.queryInt(url, waiting) == 2);
            try {
              holder.rollback();
            } catch (SQLException e) {
              throw new IllegalStateException(e);
            }
          });
      outcomes =
          atOnce(
              () -> here.plugins().update(version("2").bytes()).toString(),
              () -> there.plugins().update(other.bytes()).toString());
      released.get();
    }
    assertThat(outcomes).filteredOn(outcome -> outcome.startsWith("told: ")).hasSize(1);
    assertThat(here.plugins().list().getFirst().current().version()).startsWith("2.0.");
    awaitServed(here, "2");
    awaitServed(there, "2");
    await()
        .atMost(BOUND)
        .until(() -> here.health().faults().isEmpty() && there.health().faults().isEmpty());
  }

  @Test
  void a_plugin_that_one_takes_out_of_order_is_so_on_the_other_until_it_is_reset_on_any()
      throws InterruptedException {
    here.plugins().install(version("1").bytes());
    here.plugins().activate("app");
    awaitServed(there, "1");
    TestPostgres.execute(
        url, "update plugin set state = 'ERRORED', cause = 'it traps', revision = revision + 1");
    for (Host host : List.of(here, there)) {
      assertThat(host.health().trouble(host.plugins().list().getFirst()))
          .contains("ERRORED: it traps");
      await()
          .atMost(BOUND)
          .untilAsserted(
              () -> assertThat(host.health().troubles()).containsEntry("app", "ERRORED: it traps"));
    }
    there.plugins().reset("app");
    there.plugins().activate("app");
    awaitServed(here, "1");
    await().atMost(BOUND).until(() -> here.health().troubles().isEmpty());
    assertThat(here.health().trouble(here.plugins().list().getFirst())).isEmpty();
    assertThat(there.health().troubles()).isEmpty();
  }

  @Test
  void of_two_who_activate_and_uninstall_at_once_one_wins() throws Exception {
    for (int i = 0; i < 5; i++) {
      here.plugins().install(version("1").bytes());
      List<String> outcomes =
          atOnce(
              () -> {
                here.plugins().activate("app");
                return "active";
              },
              () -> {
                there.plugins().uninstall("app");
                return "gone";
              });
      assertThat(outcomes).filteredOn(outcome -> outcome.startsWith("told: ")).hasSize(1);
      boolean installed = !here.plugins().list().isEmpty();
      assertThat(outcomes).contains(installed ? "active" : "gone");
      awaitServed(here, installed ? "1" : "nothing");
      awaitServed(there, installed ? "1" : "nothing");
      if (installed) {
        here.plugins().deactivate("app");
        here.plugins().uninstall("app");
      }
    }
  }

  @Test
  void a_plugin_follows_what_it_depends_on() throws InterruptedException {
    here.plugins().install(GuestBundle.of("upper").bytes());
    here.plugins()
        .install(
            version("1").field("depends", "[{\"name\":\"upper\",\"version\":\"^1.0\"}]").bytes());
    assertThatThrownBy(() -> there.plugins().activate("app"))
        .isInstanceOf(ActivationException.class);
    here.plugins().activate("upper");
    here.plugins().activate("app");
    awaitServed(there, "1");
    here.plugins().deactivateWithDependents("upper");
    awaitServed(there, "nothing");
    await().atMost(BOUND).until(() -> there.health().pools().isEmpty());
  }

  private HostConfig config(Path directory) {
    return HostConfig.builder(directory)
        .database(Database.postgreSql(url))
        .updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO))
        .build();
  }

  private static GuestBundle version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .route("GET", "/");
  }

  /** What each gave back, or {@code told: } and why not. */
  private static List<String> atOnce(Callable<String> one, Callable<String> other)
      throws Exception {
    List<String> outcomes = new ArrayList<>();
    try (ExecutorService operators = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Future<String> change : operators.invokeAll(List.of(one, other))) {
        try {
          outcomes.add(change.get());
        } catch (ExecutionException e) {
          assertThat(e.getCause())
              .isInstanceOfAny(ConflictException.class, UnknownPluginException.class);
          outcomes.add("told: " + e.getMessage());
        }
      }
    }
    return outcomes;
  }

  private static void awaitServed(Host host, String version) {
    await().atMost(BOUND).until(() -> served(host).equals(version));
  }

  private static String served(Host host) throws InterruptedException {
    PluginRequest request = new PluginRequest("GET", "/", "", Map.of(), new byte[0]);
    return switch (host.serve("app", request)) {
      case RouteOutcome.Answered answered ->
          new String(answered.response().body(), StandardCharsets.UTF_8);
      case RouteOutcome.NotFound() -> "nothing";
      case RouteOutcome other -> other.toString();
    };
  }

  private static int answer(Host host) throws InterruptedException {
    return host.applyFilters("ask", 0).value().intValue();
  }
}
