package io.gonext.testkit;

import static io.gonext.testkit.Script.fetch;
import static io.gonext.testkit.Script.function;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Egress;
import io.gonext.testkit.junit.GonextTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@GonextTest(seed = 7)
class TestHostTest {
  private static final String MANIFEST_FETCH =
      "{\"serve\":[],\"fetch\":{\"allow\":[\"https://api.example.com\",\"http://127.0.0.1\"]}}";

  private static byte[] fetching() {
    return GuestBundle.of("fetch")
        .filter("fetch.x")
        .field("capabilities", "[\"http.fetch\"]")
        .field("http", MANIFEST_FETCH)
        .bytes();
  }

  private static byte[] entries() {
    return GuestBundle.of("entries", Guests.wasm("kv"))
        .filter("kv.do")
        .field("capabilities", "[\"kv.read\",\"kv.write\"]")
        .bytes();
  }

  private static byte[] jobs() {
    return GuestBundle.of("jobs")
        .filter("enqueue")
        .field("capabilities", "[\"jobs.enqueue\",\"kv.write\",\"kv.read\",\"cron.register\"]")
        .field(
            "jobs",
            "[{\"name\":\"ok.it\"},{\"name\":\"fail.it\"},{\"name\":\"trap.it\"},"
                + "{\"name\":\"hits.it\"},{\"name\":\"say.it\"}]")
        .bytes();
  }

  private static Map<String, Object> request(String url) {
    return Map.of("url", url);
  }

  @BeforeEach
  void script(TestHost host) {
    // The test's own host: what is given here holds in the test.
    host.given(fetch("https://api.example.com/ready")).answers(204, "");
  }

  @Test
  void a_script_answers_requests_in_place_of_the_network(TestHost host) {
    host.given(fetch("https://api.example.com/x"))
        .answers(200, Map.of("X-Page", "1"), "one")
        .answers(404, "none")
        .failsOnCall(4, 503);
    host.given(fetch("https://api.example.com/late")).timesOut();
    host.given(fetch("https://api.example.com/down")).isDown();
    TestPlugin plugin = host.install(fetching());
    CallResult first = plugin.filter("fetch.x", request("https://api.example.com/x"));
    first
        .returned("{\"status\":200,\"headers\":{\"x-page\":\"1\"},\"body\":\"b25l\"}")
        .called("[\"gn_http_fetch\",{\"url\":\"https://api.example.com/x\"}]");
    for (int status : List.of(404, 404, 503, 404)) {
      plugin
          .filter("fetch.x", request("https://api.example.com/x"))
          .returned("{\"$partial\":{\"status\":" + status + "}}");
    }
    plugin
        .filter("fetch.x", request("https://api.example.com/ready"))
        .returned("{\"$partial\":{\"status\":204}}");
    plugin
        .filter("fetch.x", request("https://api.example.com/late"))
        .returned("-5")
        .logged("warn", "did not answer completely in time");
    plugin
        .filter("fetch.x", request("https://api.example.com/down"))
        .returned("-5")
        .logged("warn", "accepts no connection");
  }

  @Test
  void the_rules_of_egress_hold_and_so_does_the_audit_log(TestHost host) {
    host.given(fetch("*")).answers(200, "reached");
    TestPlugin plugin = host.install(fetching());
    plugin
        .filter("fetch.x", request("https://elsewhere.example.com/"))
        .returned("-3")
        .logged("warn", "is not in http.fetch.allow");
    plugin
        .filter("fetch.x", request("http://127.0.0.1/"))
        .returned("-3")
        .logged("warn", "no address that plugins may reach");
    assertThat(plugin.audit())
        .extracting(row -> row.get("event").stringValue())
        .containsExactly("fetch_blocked", "fetch_blocked");
    try (TestHost open =
        TestHost.builder()
            .egress(new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.0/8"))))
            .build()) {
      open.given(fetch("http://127.0.0.1/")).answers(200, "");
      open.install(fetching())
          .filter("fetch.x", request("http://127.0.0.1/"))
          .returned("{\"$partial\":{\"status\":200}}");
    }
  }

  @Test
  void what_no_entry_answers_fails_with_the_nearest_entry() {
    try (TestHost host = TestHost.create()) {
      host.given(fetch("https://api.example.com/posts/1")).answers(200, "");
      host.given(fetch("POST", "https://api.example.com/*").body("{\"a\":1}")).answers(200, "");
      TestPlugin plugin = host.install(fetching());
      CallResult result = plugin.filter("fetch.x", request("https://api.example.com/posts/2"));
      assertThatExceptionOfType(AssertionError.class)
          .isThrownBy(() -> result.returned("{\"$partial\":{\"status\":200}}"))
          .withMessageContainingAll(
              "filter fetch.x:",
              "expected an object with {\"status\":200}, got -5",
              "the plugin fetch fetched GET https://api.example.com/posts/2",
              "the nearest is GET https://api.example.com/posts/1: the URL differs from character"
                  + " 31");
      CallResult posted =
          plugin.filter(
              "fetch.x",
              Map.of("method", "POST", "url", "https://api.example.com/x", "body", "eyJhIjoyfQ=="));
      assertThat(posted.unanswered())
          .singleElement()
          .asString()
          .contains("the body differs: /a: expected 1, got 2");
      assertThatExceptionOfType(AssertionError.class).isThrownBy(host::assertAllAnswered);
    }
    try (TestHost host = TestHost.create()) {
      host.given(function("posts.find").request("{\"id\":1}")).answers("1");
      TestPlugin plugin =
          host.install(
              GuestBundle.of("asking", Guests.wasm("app"))
                  .filter("posts.find")
                  .field("capabilities", "[\"posts.find\"]")
                  .bytes());
      assertThat(plugin.filter("posts.find", Map.of("id", 2)).unanswered())
          .singleElement()
          .asString()
          .contains("called posts.find with {\"id\":2}", "/id: expected 1, got 2");
    }
  }

  @Test
  void functions_of_the_application_are_scripted(TestHost host) {
    host.given(function("posts.find").capability("posts.read").request("{\"id\":1}"))
        .answers("{\"title\":\"T\"}")
        .failsOnCall(2);
    host.given(function("posts.count")).fails();
    TestPlugin plugin =
        host.install(
            GuestBundle.of("asking", Guests.wasm("app"))
                .filter("posts.find")
                .filter("posts.count")
                .field("capabilities", "[\"posts.read\",\"posts.count\"]")
                .bytes());
    plugin
        .filter("posts.find", Map.of("id", 1))
        .returned("{\"title\":\"T\"}")
        .called("[\"gn_app_call\",\"posts.find\",{\"id\":1}]");
    plugin.filter("posts.find", Map.of("id", 1)).returned("-2");
    plugin.filter("posts.count", Map.of()).returned("-2");
    assertThatIllegalStateException()
        .isThrownBy(() -> host.given(function("posts.late")))
        .withMessageContaining("before the first plugin");
  }

  @Test
  void entries_are_there_before_a_call_and_seen_after_it(TestHost host) {
    TestPlugin plugin = host.install(entries()).entry("n", "41");
    plugin
        .filter("kv.do", "in=1")
        .returned("\"42\"")
        .called("[\"gn_kv_incr\",\"n\",1]")
        .usedFuelAtMost(10_000);
    plugin.filter("kv.do", "sname=Ada").called("[\"gn_kv_set\",\"name\",\"Ada\"]");
    assertThat(plugin.entries())
        .containsExactlyInAnyOrderEntriesOf(Map.of("n", "42", "name", "Ada"));
    assertThat(plugin.calls())
        .extracting(SeenCall::function)
        .containsExactly("gn_kv_incr", "gn_kv_set");
    assertThat(plugin.fuel()).isPositive();
    CallResult last = plugin.filter("kv.do", "gn");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> last.called("[\"gn_kv_get\",\"other\"]"))
        .withMessageContaining("/0/1: expected \"other\", got \"n\"");
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> last.usedFuelAtMost(1))
        .withMessageContaining("expected at most 1 units of fuel");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plugin.action("kv.do"))
        .withMessage("entries@1.0.0 has no action kv.do in its manifest; it has no actions");
  }

  @Test
  void sql_fixtures_run_after_the_migrations(TestHost host) {
    TestPlugin plugin =
        host.install(
                GuestBundle.of("database", Guests.wasm("db"))
                    .filter("read.entry")
                    .field("capabilities", "[\"db.read\",\"db.write\"]")
                    .file("migrations/V1__entry.sql", "create table entry (message varchar(40));")
                    .bytes())
            .sql("insert into entry values ('one'); insert into entry values ('two')");
    plugin
        .filter("read.entry", "select message from entry order by message")
        .returned("{\"$partial\":{\"rows\":[[\"one\"],[\"two\"]]}}");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> plugin.sql("insert into nowhere values (1)"))
        .withMessageContaining("NOWHERE");
  }

  @Test
  void the_clock_stands_still_until_the_test_moves_it(TestHost host) {
    TestPlugin plugin = host.install(GuestBundle.of("time").filter("now").bytes());
    plugin.filter("now", 0).returned(Long.toString(TestHost.START.toEpochMilli()));
    plugin.advance(Duration.ofMinutes(1)).returned("[]");
    plugin.filter("now", 0).returned(Long.toString(TestHost.START.plusSeconds(60).toEpochMilli()));
    assertThat(host.clock().instant()).isEqualTo(Instant.parse("2026-01-01T00:01:00Z"));
    assertThatIllegalArgumentException().isThrownBy(() -> plugin.advance(Duration.ofMillis(-1)));
  }

  @Test
  void jobs_run_when_they_are_due_by_the_clock(TestHost host) {
    TestPlugin plugin = host.install(jobs());
    plugin.job("ok.it", "{\"days\":7}").returned("{\"outcome\":\"OK\",\"reason\":\"\"}");
    plugin.job("trap.it").returned("{\"$partial\":{\"outcome\":\"UNREACHABLE\"}}");
    plugin.filter("enqueue", Map.of("job", "hits.it", "delay_ms", 3_600_000));
    plugin.advance(Duration.ofMinutes(59));
    assertThat(plugin.entry("hits")).isEmpty();
    plugin
        .advance(Duration.ofMinutes(1))
        .returned("{\"$includes\":[{\"job\":\"hits.it\",\"outcome\":\"OK\",\"reason\":\"\"}]}");
    assertThat(plugin.entry("hits")).contains("1");
  }

  @Test
  void a_failure_has_its_outcome_and_backtrace(TestHost host) {
    TestPlugin plugin = host.install(GuestBundle.of("trap").filter("boom").bytes());
    CallResult result = plugin.filter("boom", 1);
    result.failed("UNREACHABLE", "unreachable");
    assertThat(result.isFailed()).isTrue();
    assertThat(result.backtrace()).isNotEmpty();
    assertThatExceptionOfType(AssertionError.class)
        .isThrownBy(() -> result.returned("1"))
        .withMessageContainingAll("the plugin failed", "at " + result.backtrace().getFirst());
  }

  @Test
  void a_route_answers_with_status_headers_and_body(TestHost host) {
    TestPlugin plugin = host.install(GuestBundle.of("route-echo").route("POST", "/echo").bytes());
    plugin.request("POST", "/echo?a=1", Map.of(), "{\"b\":2}").answered(200, "{\"b\":2}");
    plugin.request("POST", "/echo", Map.of(), "text").answered(200, "{\"$regex\":\"^te\"}");
    plugin.get("/nothing").failed("NOT_FOUND", "has no route /nothing; it has .POST /echo");
    plugin.get("/echo").failed("METHOD_NOT_ALLOWED", "POST");
  }

  @Test
  void random_numbers_depend_on_the_seed_and_the_call_alone() {
    assertThat(random(1)).isEqualTo(random(1)).doesNotHaveDuplicates();
    assertThat(random(1)).isNotEqualTo(random(2));
  }

  private static List<String> random(long seed) {
    SeededRandom random = new SeededRandom(seed);
    byte[] first = new byte[8];
    byte[] second = new byte[8];
    random.begin(1);
    random.nextBytes(first);
    random.begin(2);
    random.nextBytes(second);
    return List.of(HexFormat.of().formatHex(first), HexFormat.of().formatHex(second));
  }

  @Test
  void a_guest_gets_the_seeded_numbers() {
    assertThat(entropy(3)).isEqualTo(entropy(3)).isNotEqualTo(entropy(4));
  }

  private static String entropy(long seed) {
    try (TestHost host = TestHost.builder().seed(seed).build()) {
      return host.install(GuestBundle.of("random").filter("draw").bytes())
          .filter("draw", 0)
          .json()
          .toString();
    }
  }

  @Test
  void whatever_a_host_has_can_be_set() {
    try (TestHost host =
        TestHost.builder()
            .capability("posts.read")
            .clock(Instant.EPOCH)
            .configure(config -> config.databaseBytes(0).logsPlugins(true))
            .build()) {
      TestPlugin plugin =
          host.install(
              GuestBundle.of("time")
                  .filter("now")
                  .field("capabilities", "[\"posts.read\"]")
                  .field("storage", "{\"db\":{\"max_bytes\":1000000}}")
                  .bytes());
      plugin.filter("now", 0).returned("0");
      assertThat(plugin.warnings())
          .anyMatch(warning -> warning.startsWith("/storage/db/max_bytes: the plugin gets 0"));
      assertThat(host.host().mayUse("time", "posts.read")).isTrue();
    }
  }

  @Test
  void its_directory_is_gone_after_it() {
    Path data;
    try (TestHost host = TestHost.create()) {
      host.install(entries());
      data = host.directory();
      assertThat(data).isDirectory();
    }
    assertThat(Files.exists(data)).isFalse();
  }
}
