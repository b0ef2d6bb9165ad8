package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.FilterResult;
import io.gonext.host.internal.store.PluginStore;
import io.gonext.host.internal.store.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Key-value entries as a guest sees them: its answers are bodies, or the ABI's statuses. */
class KeyValueTest {
  private static final String PLUGIN = "key-values";
  private static final String DONE = "0";
  private static final String DENIED = "-1";
  private static final String BAD_ARGUMENTS = "-3";
  private static final String NOT_FOUND = "-4";
  private static final String QUOTA = "-5";
  private static final String CONFLICT = "-11";

  @TempDir private Path data;
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    host = Host.open(data);
  }

  @AfterEach
  void every_lease_came_back() {
    HostTest.assertBalanced(host);
    host.close();
  }

  @Test
  void a_guest_reads_what_it_wrote() throws InterruptedException {
    activate(bundle());
    assertThat(call("gcolour")).isEqualTo(NOT_FOUND);
    assertThat(call("scolour=grün")).isEqualTo(DONE);
    assertThat(call("gcolour")).isEqualTo("grün");
    assertThat(call("scolour=")).isEqualTo(DONE);
    assertThat(call("gcolour")).isEqualTo(DONE);
    assertThat(call("dcolour")).isEqualTo(DONE);
    assertThat(call("dcolour")).isEqualTo(NOT_FOUND);
  }

  @Test
  void an_increment_answers_the_sum() throws InterruptedException {
    activate(bundle());
    assertThat(call("ivisits=5")).isEqualTo("5");
    assertThat(call("ivisits=-7")).isEqualTo("-2");
    assertThat(call("gvisits")).isEqualTo("-2");
    assertThat(call("svisits=many")).isEqualTo(DONE);
    assertThat(call("ivisits=1")).isEqualTo(BAD_ARGUMENTS);
    assertThat(call("gvisits")).isEqualTo("many");
  }

  @Test
  void an_entry_that_exists_is_a_conflict_for_set_if_absent() throws InterruptedException {
    activate(bundle());
    assertThat(call("nonce=first")).isEqualTo(DONE);
    assertThat(call("nonce=second")).isEqualTo(CONFLICT);
    assertThat(call("gonce")).isEqualTo("first");
    assertThat(call("donce")).isEqualTo(DONE);
    assertThat(call("nonce=third")).isEqualTo(DONE);
  }

  @Test
  void keys_and_values_beyond_the_caps_are_bad_arguments() throws InterruptedException {
    activate(bundle());
    String longest = "k".repeat(256);
    assertThat(call("s" + longest + "=1")).isEqualTo(DONE);
    assertThat(call("g" + longest)).isEqualTo("1");
    for (String key : List.of("", "k".repeat(257), "ü".repeat(129))) {
      assertThat(call("g" + key)).isEqualTo(BAD_ARGUMENTS);
      assertThat(call("s" + key + "=1")).isEqualTo(BAD_ARGUMENTS);
      assertThat(call("d" + key)).isEqualTo(BAD_ARGUMENTS);
      assertThat(call("i" + key + "=1")).isEqualTo(BAD_ARGUMENTS);
      assertThat(call("n" + key + "=1")).isEqualTo(BAD_ARGUMENTS);
    }
    String largest = "v".repeat(256 * 1024);
    assertThat(call("sk=" + largest)).isEqualTo(DONE);
    assertThat(call("gk")).isEqualTo(largest);
    assertThat(call("sk=" + largest + "v")).isEqualTo(BAD_ARGUMENTS);
    assertThat(call("nl=" + largest + "v")).isEqualTo(BAD_ARGUMENTS);
    assertThat(call("gk")).isEqualTo(largest);
  }

  @Test
  void each_capability_allows_only_its_own_functions() throws InterruptedException {
    host.plugins().install(bundle().bytes());
    host.plugins().activate(PLUGIN);
    for (String operation : List.of("gk", "sk=1", "dk", "ik=1", "nk=1")) {
      assertThat(call(operation)).isEqualTo(DENIED);
    }
    host.plugins().grant(PLUGIN, "kv.read");
    assertThat(call("gk")).isEqualTo(NOT_FOUND);
    assertThat(call("sk=1")).isEqualTo(DENIED);
    host.plugins().grant(PLUGIN, "kv.write");
    host.plugins().revoke(PLUGIN, "kv.read");
    assertThat(call("sk=1")).isEqualTo(DONE);
    assertThat(call("ik=1")).isEqualTo("2");
    assertThat(call("dk")).isEqualTo(DONE);
    assertThat(call("gk")).isEqualTo(DENIED);
  }

  @Test
  void the_manifests_quota_holds_and_the_oldest_entries_go() throws InterruptedException {
    activate(bundle().field("storage", "{\"kv\":{\"max_bytes\":100,\"max_keys\":2}}"));
    call("sa=1");
    call("sb=2");
    call("sc=3");
    assertThat(call("ga")).isEqualTo(NOT_FOUND);
    assertThat(call("gb")).isEqualTo("2");
    assertThat(call("sd=" + "x".repeat(100))).isEqualTo(QUOTA);
    assertThat(call("nd=" + "x".repeat(100))).isEqualTo(QUOTA);
    assertThat(call("gc")).isEqualTo("3");
  }

  @Test
  void a_manifest_cannot_raise_the_operators_quota() throws InterruptedException {
    host.close();
    host = Host.open(HostConfig.builder(data).keyValues(new KeyValueQuota(50, 10)).build());
    activate(bundle().field("storage", "{\"kv\":{\"max_bytes\":99999999999}}"));
    assertThat(call("sa=" + "x".repeat(50))).isEqualTo(QUOTA);
    assertThat(call("sa=" + "x".repeat(49))).isEqualTo(DONE);
  }

  @Test
  void entries_survive_a_restart_and_go_when_the_plugin_goes() throws InterruptedException {
    activate(bundle());
    call("sk=kept");
    host.close();
    host = Host.open(data);
    assertThat(call("gk")).isEqualTo("kept");
    host.plugins().deactivate(PLUGIN);
    host.plugins().uninstall(PLUGIN);
    activate(bundle());
    assertThat(call("gk")).isEqualTo(NOT_FOUND);
  }

  @Test
  void increments_of_all_instances_count() throws Exception {
    activate(bundle().limit("instances_max", 4).limit("call_ms", 60_000));
    try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<String>> calls = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        calls.add(() -> call("in=1"));
      }
      for (Future<String> done : executor.invokeAll(calls)) {
        assertThat(Integer.parseInt(done.get())).isBetween(1, 100);
      }
    }
    assertThat(call("gn")).isEqualTo("100");
  }

  @Test
  @Timeout(60)
  void a_stuck_store_ends_the_call_at_its_wait_limit_and_works_afterwards() throws Exception {
    String url = TestPostgres.createDatabase();
    HostConfig config = HostConfig.builder(data).database(Database.postgreSql(url)).build();
    host.close();
    host = Host.open(config);
    activate(bundle().limit("wait_ms", 500));
    try (Connection other = DriverManager.getConnection(url);
        Statement statement = other.createStatement()) {
      statement.execute("insert into kv_usage values ('" + PLUGIN + "', 0, 0, 0)");
      other.setAutoCommit(false);
      statement.execute("select * from kv_usage where plugin = '" + PLUGIN + "' for update");

      FilterResult late = host.applyFilters("kv", "sk=1");
      assertThat(late.degraded())
          .extracting(Degradation::code)
          .containsExactly("STORE_UNAVAILABLE");
      assertThat(Thread.currentThread().isInterrupted()).isFalse();
      other.rollback();
    }
    // The interrupt reached the guest only: the store still works.
    FilterResult after = host.applyFilters("kv", "sk=2");
    for (int i = 0; i < 20 && !after.degraded().isEmpty(); i++) {
      after = host.applyFilters("kv", "sk=2");
    }
    assertThat(after.value().asString()).isEqualTo(DONE);
    host.close();
    host = Host.open(config);
    assertThat(host.applyFilters("kv", "gk").value().asString()).isEqualTo("2");
  }

  @Tag("slow")
  @Test
  @Timeout(60)
  void answered_changes_survive_kill_9() throws Exception {
    host.close();
    Process process =
        ChildHosts.builder(Counting.class.getName(), data.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    int told = 0;
    try (BufferedReader answers = process.inputReader()) {
      while (told < 30) {
        told = Integer.parseInt(answers.readLine());
      }
      process.destroyForcibly();
      // What it said before it died counts, too.
      for (String line = answers.readLine(); line != null; line = answers.readLine()) {
        told = Math.max(told, Integer.parseInt(line));
      }
    } catch (IOException e) {
      assertThat(told).isGreaterThanOrEqualTo(30);
    } finally {
      process.destroyForcibly().waitFor();
    }
    try (PluginStore store = PluginStore.open(data, Database.embedded())) {
      byte[] kept = store.keyValues().get(PLUGIN, "n").orElseThrow();
      assertThat(Integer.parseInt(new String(kept, StandardCharsets.US_ASCII)))
          .isBetween(told, told + 1);
    }
    open();
    assertThat(Integer.parseInt(call("in=1"))).isGreaterThan(told);
  }

  /** A process that counts in a plugin, and says each number once the guest knows it. */
  static final class Counting {
    public static void main(String[] args) throws InterruptedException {
      try (Host host = Host.open(Path.of(args[0]))) {
        host.plugins().install(bundle().bytes());
        host.plugins().grantRequested(PLUGIN);
        host.plugins().activate(PLUGIN);
        while (true) {
          System.out.println(host.applyFilters("kv", "in=1").value().asString());
        }
      }
    }
  }

  private static GuestBundle bundle() {
    return GuestBundle.of(PLUGIN, Guests.wasm("kv"))
        .filter("kv")
        .field("capabilities", "[\"kv.read\",\"kv.write\"]");
  }

  private void activate(GuestBundle bundle) throws InterruptedException {
    host.plugins().install(bundle.bytes());
    host.plugins().grantRequested(PLUGIN);
    host.plugins().activate(PLUGIN);
  }

  private String call(String operation) throws InterruptedException {
    FilterResult result = host.applyFilters("kv", operation);
    assertThat(result.degraded()).isEmpty();
    JsonNode value = result.value();
    return value.asString();
  }
}
