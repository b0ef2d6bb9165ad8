package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** An operator's commands against a running host, as they are typed. */
class OperatorTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private RunningServer running;
  private int port;
  private Path data;

  @BeforeEach
  void serve() throws InterruptedException {
    data = directory.resolve("data");
    RunningServer.OpenHost opened =
        RunningServer.openHost(
            HostConfig.builder(data)
                .trust(TrustPolicy.off())
                .updates(UpdatePolicy.development())
                .function(
                    HostFunctionSpec.builder("posts.find", call -> "post")
                        .capability("posts.read")
                        .description("Find a post")
                        .answerSchema("{\"type\":\"string\"}")
                        .build())
                .build());
    running = opened.listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build());
    port = running.port();
  }

  @AfterEach
  void stop() {
    running.close();
  }

  @Test
  void commands_take_a_plugin_from_install_to_uninstall() throws IOException {
    assertThat(said("list")).isEqualTo("no plugins are installed\n");
    assertThat(said("install", bundle("1", "[\"kv.read\"]"))).isEqualTo("app@1.0.0 INSTALLED\n");
    assertThat(said("install", bundle("1", "[\"kv.read\"]")))
        .isEqualTo("app@1.0.0 INSTALLED, was already installed\n");
    assertThat(said("grants", "app")).contains("kv.read").contains("no");
    assertThat(said("grants", "app", "--grant", "kv.read")).contains("yes");
    assertThat(said("activate", "app")).isEqualTo("app@1.0.0 ACTIVE\n");
    assertThat(said("update", bundle("2", "[\"kv.read\",\"kv.write\"]")))
        .contains("2.0.0 waits")
        .contains("  + kv.write")
        .contains("  = kv.read");
    assertThat(said("list")).contains("app").contains("1.0.0").contains("2.0.0");
    String versions = said("versions", "app");
    assertThat(versions).contains("pending").contains("  + kv.write").contains("  = kv.read");
    assertThat(refused("approve", "app", "--sha256", "0".repeat(64)))
        .startsWith("gonext: another version of app waits for approval: 2.0.0 sha256:");
    assertThat(said("reject", "app")).isEqualTo("app@1.0.0 ACTIVE\n");
    assertThat(said("versions", "app")).doesNotContain("pending");
    said("update", bundle("2", "[\"kv.read\",\"kv.write\"]"));
    String waiting =
        versions.lines().filter(line -> line.contains("pending")).findAny().orElseThrow();
    String sha256 = waiting.substring(waiting.lastIndexOf(' ') + 1);
    assertThat(said("approve", "app", "--sha256", sha256)).startsWith("2.0.0 replaced 1.0.0; ");
    assertThat(said("health", "app")).isEqualTo("app ACTIVE, healthy\n");
    assertThat(said("health")).isEqualTo("app ACTIVE, healthy\n");
    assertThat(said("health", "--json")).startsWith("{\"plugins\":[{\"name\":\"app\",");
    assertThat(said("rollback", "app")).startsWith("1.0.0 replaced 2.0.0; ");
    assertThat(said("audit", "app", "--limit", "3"))
        .contains("rollback")
        .contains("approve")
        .contains("operator");
    assertThat(said("audit", "app", "--json")).startsWith("{\"audit\":[");
    assertThat(said("deactivate", "app")).isEqualTo("app@1.0.0 INACTIVE\n");
    assertThat(said("uninstall", "--keep-data", "app"))
        .isEqualTo("app is uninstalled, its data is kept\n");
    assertThat(said("list", "--json")).isEqualTo("{\"plugins\":[]}\n");
    assertThat(said("health")).isEqualTo("no plugins are installed\n");
  }

  @Test
  void a_call_is_recorded_saved_and_replayed_without_the_host() throws Exception {
    Path bundle =
        Files.write(
            directory.resolve("time.gnplugin"), GuestBundle.of("time").filter("now").bytes());
    said("install", bundle.toString());
    said("activate", "time");
    assertThat(said("record", "time", "--list")).contains("nothing is recorded");
    assertThat(said("record", "time"))
        .isEqualTo("time: recording; see gonext record time --list\n");
    assertThat(said("record", "time", "--list")).contains("no call was kept yet");
    applyFilter("now", "0");
    assertThat(said("record", "time", "--list")).contains("now").contains("OK");
    Path calls = directory.resolve("calls");
    assertThat(said("record", "time", "--save", calls.toString()))
        .isEqualTo(calls.resolve("time-1.recording.json") + "\n");
    assertThat(said("record", "time", "--stop"))
        .isEqualTo("time: no longer recording; 1 are kept\n");

    assertThat(local("replay", calls.toString(), "--plugin", bundle.toString(), "--trace"))
        .contains("hook now: an answer of", "gn_time_ms() -> ", "1 as recorded, 0 different");
    Path other =
        Files.write(
            directory.resolve("upper.gnplugin"), GuestBundle.of("upper").filter("now").bytes());
    assertThat(local("replay", calls.toString(), "--plugin", other.toString()))
        .contains("different: the guest ended; when it was recorded, it called env.gn_time_ms()")
        .contains("- gn_time_ms() -> ", "+ (the guest ended)")
        .contains("0 as recorded, 1 different");
    assertThat(local("replay", calls.toString(), "--plugin", other.toString(), "--update"))
        .contains("different: ", "updated: ");
    assertThat(local("replay", calls.toString(), "--plugin", other.toString()))
        .contains("1 as recorded, 0 different");
    err.getBuffer().setLength(0);
    assertThat(local("replay", calls.toString(), "--plugin", bundle.toString(), "--update"))
        .isEmpty();
    assertThat(err.toString()).contains("does not answer what the module asks the host for now");
    err.getBuffer().setLength(0);
    assertThat(misused("record", "time", "--sample", "2")).contains("a part of all calls");
    err.getBuffer().setLength(0);
    assertThat(misused("record", "time", "--traps", "--stop")).contains("start a recording");
  }

  @Test
  void the_memory_of_a_plugin_that_serves_is_shown_by_part() throws Exception {
    Path bundle =
        Files.write(
            directory.resolve("time.gnplugin"), GuestBundle.of("time").filter("now").bytes());
    said("install", bundle.toString());
    assertThat(refused("mem", "time")).contains("time is not in service");
    said("activate", "time");
    assertThat(said("mem", "time", "--duration", "1s"))
        .startsWith("time@1.0.0: 1 instance, ")
        .contains("no call ended meanwhile");
    var asked = new FutureTask<>(() -> said("mem", "time", "--duration", "1s"));
    Thread.ofPlatform().start(asked);
    while (!asked.isDone()) {
      applyFilter("now", "0");
    }
    assertThat(asked.get())
        .contains("calls seen: ", " in 1 instance, at most 2 pages of 64 KiB")
        .containsPattern("PART +SIZE  A CALL WRITES.*\nstack +4 KB  4 KB, 4 KB\nheap ")
        .contains("instances are reset after each call");
    assertThat(misused("mem", "time", "--duration", "2m")).contains("from 1s to 60s");
  }

  @Test
  void a_plugin_is_configured_and_its_secrets_are_set_from_standard_input() throws IOException {
    Path bundle =
        Files.write(
            directory.resolve("settings.gnplugin"),
            GuestBundle.of("settings")
                .filter("h")
                .field(
                    "config",
                    """
                    {"schema":{"type":"object","properties":{
                      "size":{"type":"integer","minimum":1,"default":10},
                      "pin":{"type":"string","writeOnly":true},
                      "mail":{"type":"object","properties":{
                        "password":{"type":"string","writeOnly":true}}},
                      "title":{"type":"string"}}}}
                    """)
                .field("secrets", "{\"keys\":[{\"name\":\"API_KEY\",\"required\":true}]}")
                .bytes());
    said("install", bundle.toString());
    assertThat(refused("activate", "settings")).contains("gonext secret set settings API_KEY");
    assertThat(typed("geheim\n", "secret", "set", "settings", "API_KEY"))
        .isEqualTo("API_KEY of settings is set\n");
    assertThat(said("secret", "list", "settings")).contains("API_KEY").doesNotContain("geheim");
    said("grants", "settings", "--grant", "secrets.keys");
    assertThat(said("activate", "settings")).isEqualTo("settings@1.0.0 ACTIVE\n");
    assertThat(said("config", "settings")).contains("size").contains("10").contains("default");
    assertThat(refused("config", "settings", "size=0", "title=7"))
        .contains("/size: found 0; allowed: at least 1")
        .contains("/title: found 7; allowed: a text");
    assertThat(misused("config", "settings", "title={")).contains("is not valid JSON");
    assertThat(misused("config", "settings", "=1")).contains("give a key before the =");
    assertThat(misused("config", "settings", "pin=12"))
        .contains("the value of pin is not shown to anybody", "pin=-");
    assertThat(misused("config", "settings", "title=a", "mail={\"password\":\"x\"}"))
        .contains("the value of mail", "mail=-");
    assertThat(misused("config", "settings", "pin=-", "mail=-")).contains("one value only");
    assertThat(typed("12\n", "config", "settings", "pin=-"))
        .contains("pin", "set, not shown")
        .doesNotContain("12");
    assertThat(typed("{\"password\":\"x\"}", "config", "settings", "mail=-"))
        .contains("mail/password");
    assertThat(said("config", "settings", "siz=3"))
        .contains("warning: /siz: config.schema does not name this property")
        .contains("did you mean size?");
    said("config", "settings", "--unset", "siz");
    said("config", "settings", "size=3", "title=Hello");
    assertThat(said("config", "settings", "size", "title")).isEqualTo("3\n\"Hello\"\n");
    said("config", "settings", "--unset", "size");
    assertThat(said("config", "settings", "size")).isEqualTo("10\n");
    assertThat(said("secret", "rotate-master"))
        .isEqualTo("the master key is replaced; plugins with secrets: 1\n");
    assertThat(said("secret", "rotate-master", "--json"))
        .isEqualTo("{\"plugins\":[\"settings\"]}\n");
    assertThat(refused("secret", "rotate-master", "--stopped")).contains("in use");
    assertThat(said("secret", "delete", "settings", "API_KEY"))
        .isEqualTo("API_KEY of settings is deleted\n");
    assertThat(refused("secret", "delete", "settings", "API_KEY")).contains("has no value");
  }

  @Test
  void functions_lists_what_the_application_offers() throws IOException {
    assertThat(said("functions"))
        .isEqualTo(
            """
            NAME        CAPABILITY  DESCRIPTION
            posts.find  posts.read  Find a post
            """);
    assertThat(said("functions", "--json"))
        .isEqualTo(
            "{\"functions\":[{\"name\":\"posts.find\",\"description\":\"Find a post\","
                + "\"capability\":\"posts.read\",\"answer_schema\":{\"type\":\"string\"}}]}\n");
  }

  @Test
  void calls_shows_where_the_time_of_a_failed_call_went_and_its_backtrace() throws Exception {
    Path bundle =
        Files.write(
            directory.resolve("panic.gnplugin"), GuestBundle.of("panic").filter("give.up").bytes());
    assertThat(said("calls")).isEqualTo("no call was slow, late or failed lately\n");
    said("install", "--activate", bundle.toString());
    applyFilter("give.up", "1");

    assertThat(said("calls", "panic", "--why", "failed"))
        .containsPattern(
            "panic@1.0.0 give.up failed GUEST_PANIC: [0-9.]+ ms \\(waiting for an instance 0.0,"
                + " guest [0-9.]+, host [0-9.]+\\)\n    .*the guest gave up\n      at ");
    assertThat(said("calls", "panic", "--why", "failed", "--json"))
        .contains("\"outcome\":\"GUEST_PANIC\"");
    assertThat(said("calls", "panic", "--why", "late")).startsWith("no call was");
    assertThat(refused("calls", "nobody")).contains("nobody");
  }

  @Test
  void invalidations_shows_those_that_there_are_and_f_those_that_come() throws Exception {
    Path bundle =
        Files.write(
            directory.resolve("purges.gnplugin"),
            GuestBundle.of("purges")
                .filter("purge")
                .field("capabilities", "[\"cache.invalidate\"]")
                .bytes());
    assertThat(said("invalidations")).isEmpty();
    said("install", "--activate", "--grant", bundle.toString());
    applyFilter("purge", "[\"post:1\",\"posts\"]");
    assertThat(said("invalidations")).startsWith("1 2").endsWith("Z purges post:1, posts\n");
    assertThat(said("invalidations", "--json"))
        .startsWith("{\"last\":1,\"invalidations\":[{\"id\":1,");

    StringWriter followed = new StringWriter();
    Thread follower =
        Thread.ofPlatform()
            .start(() ->
                Main.run(
                    new PrintWriter(followed, true),
                    new PrintWriter(err, true),
                    "invalidations",
                    "--json",
                    "-f",
                    "--url",
                    "http://127.0.0.1:" + port,
                    "--data",
                    data.toString()));
    try {
      await()
          .atMost(LONG)
          .until(() -> {
            applyFilter("purge", "[\"posts\"]");
            return followed.toString().contains("\"plugin\":\"purges\"");
          });
      assertThat(followed.toString()).doesNotContain("post:1");
    } finally {
      follower.interrupt();
      follower.join();
    }
  }

  @Test
  void a_refused_command_prints_one_sentence_and_exits_with_1() throws IOException {
    assertThat(refused("activate", "nobody"))
        .isEqualTo("gonext: no plugin named nobody is installed\n");
    assertThat(misused("activate", "No such")).contains("is not the name of a plugin");
    assertThat(misused("secret", "delete", "abc", "A B")).contains("is not the name of a secret");
    assertThat(misused("grants", "abc", "--grant", "X"))
        .contains("is not the name of a capability");
    assertThat(misused("grants", "abc", "--grant", "a.b", "--revoke", "a.b"))
        .contains("--grant and --revoke both name a.b");
    assertThat(misused("config", "abc", "a=1", "a=2")).contains("a is set twice");
    assertThat(misused("config", "abc", "a=1", "--unset", "a")).contains("a is set and unset");
    assertThat(refused("install", directory.resolve("none").toString())).contains("does not exist");
    assertThat(refused("install", directory.toString())).contains("is a directory");
    assertThat(refused("list", "--token", "wrong-token-wrong-token")).contains("admin.token");
    assertThat(refused("list", "--data", directory.toString())).contains("does not exist");
    Path noBundle = Files.write(directory.resolve("x.gnplugin"), new byte[] {1, 2, 3});
    assertThat(refused("install", noBundle.toString())).startsWith("gonext: ").hasLineCount(1);
  }

  /** The host's own list, as for an installation: also what only a host can know. */
  @Test
  void a_refused_update_lists_all_problems_of_its_manifest() throws Exception {
    said("install", bundle("1", "[]"));
    byte[] wrong =
        GuestBundle.of("app", Guests.wasm("version-2"))
            .field("capabilities", "[\"kv.raed\"]")
            .limit("call_ms", 0)
            .bytes();
    String file = Files.write(directory.resolve("wrong.gnplugin"), wrong).toString();
    assertThat(refused("update", file))
        .startsWith("gonext: manifest.json has 2 problems:\n  - /")
        .contains("\n  - /limits/call_ms: found 0", "did you mean kv.read?\n")
        .hasLineCount(3);
    out.getBuffer().setLength(0);
    assertThat(run("update", "--json", file)).isEqualTo(1);
    JsonNode told = StrictJson.parse(out.toString().getBytes(StandardCharsets.UTF_8));
    assertThat(told.path("error").stringValue()).isEqualTo("manifest.json has 2 problems:");
    assertThat(told.path("problems").valueStream().map(JsonNode::stringValue))
        .satisfiesExactlyInAnyOrder(
            problem -> assertThat(problem).startsWith("/limits/call_ms: found 0; allowed: from 1"),
            problem -> assertThat(problem).startsWith("/capabilities/0: there is no capability"));
    byte[] nameless =
        GuestBundle.zip(
            Map.of("manifest.json", "{\"name\":\"X\"}".getBytes(StandardCharsets.UTF_8)));
    assertThat(refused("update", Files.write(directory.resolve("x"), nameless).toString()))
        .contains("/name: found \"X\"", "/version");
  }

  @Test
  void install_warns_of_limits_above_those_of_the_operator() throws IOException {
    byte[] greedy =
        GuestBundle.of("app", Guests.wasm("version-1"))
            .limit("memory_mb", 512)
            .limit("call_ms", 60_000)
            .limit("instances_min", 2)
            .limit("instances_max", 100)
            .field("storage", "{\"kv\":{\"max_keys\":20000}}")
            .bytes();
    String file = Files.write(directory.resolve("greedy.gnplugin"), greedy).toString();
    assertThat(said("install", "--activate", file))
        .contains(
            "  warning: /limits/memory_mb: the plugin gets 64 and not 512, since the operator"
                + " allows no more (gonext serve --memory-mb)\n")
        .contains("  warning: /limits/call_ms: the plugin gets 1000 and not 60000, ")
        .contains("  warning: /limits/instances_max: the plugin gets 8 and not 100, ")
        .contains("  warning: /storage/kv/max_keys: the plugin gets 10000 and not 20000, ")
        .doesNotContain("instances_min");
    assertThat(said("list")).contains("LIMITS").contains("64 MiB, 1000 ms, 2-8 instances");
    assertThat(said("list", "--json"))
        .contains(
            "\"limits\":{\"memory_mb\":64,\"call_ms\":1000,\"wait_ms\":5000,\"instances_min\":2,\"instances_max\":8}");
    said("deactivate", "app");
    assertThat(said("list", "--json")).doesNotContain("\"limits\"");
  }

  @Test
  void show_prints_what_a_plugin_has_its_calls_and_last_failures() throws Exception {
    byte[] bundle =
        GuestBundle.of("trap")
            .filter("the_content")
            .action("saved")
            .route("GET", "/items/{id}")
            .limit("fuel", 9_000_000)
            .field(
                "metrics",
                "[{\"name\":\"orders\",\"kind\":\"counter\",\"unit\":\"parcels\",\"labels\":[{\"name\":"
                    + "\"outcome\",\"values\":[\"ok\"]}]},{\"name\":\"visits\",\"kind\":\"gauge\"}]")
            .file("locales/en.json", "{}")
            .file("locales/de-AT.json", "{}")
            .bytes();
    said("install", "--activate", Files.write(directory.resolve("t.gnplugin"), bundle).toString());
    applyFilter("the_content");
    assertThat(said("list", "--json")).contains("\"instances_max\":8,\"fuel\":9000000}");
    String shown = said("show", "trap");
    assertThat(shown)
        .startsWith("trap@1.0.0 ACTIVE\n")
        .contains("  filter     the_content, priority 10\n")
        .contains("  action     saved, priority 10\n")
        .contains("  route      GET /api/plugins/trap/items/{id}\n")
        .contains("  metric     orders, counter in parcels, labels: outcome\n")
        .contains("  metric     visits, gauge\n")
        .contains("  locales    de-AT, en, default: en\n")
        .contains("  limits     64 MiB, 1000 ms, 1-8 instances, 9000000 fuel\n")
        // on_activate, too.
        .contains("  calls      2 made, 0 running, 0 waiting,")
        .contains(", 1 failed\n")
        .containsPattern("Z +1.0.0 +the_content +UNREACHABLE ");
    JsonNode json =
        StrictJson.parse(said("show", "--json", "trap").getBytes(StandardCharsets.UTF_8));
    assertThat(json.at("/failures/0/code").stringValue()).isEqualTo("UNREACHABLE");
    assertThat(json.at("/hooks/filters/0/priority").intValue()).isEqualTo(10);
    assertThat(refused("show", "nobody")).contains("no plugin named nobody");
  }

  @Test
  void logs_filters_lines_by_level_and_number() throws Exception {
    installLogs();
    applyFilter("the_content");
    applyFilter("the_content");
    assertThat(said("logs", "logs").lines())
        .hasSize(8)
        .allSatisfy(line -> assertThat(line).contains("Z ").endsWith(" a line of the guest"));
    assertThat(said("logs", "logs", "--level", "warn", "--last", "3").lines())
        .extracting(line -> line.split(" +", 3)[1])
        .containsExactly("ERROR", "WARN", "ERROR");
    assertThat(said("logs", "logs", "--since", "1h", "--json")).startsWith("{\"lines\":[{\"at\":");
    assertThat(said("logs", "logs", "--since", "2999-01-01T00:00:00Z")).isEmpty();
    assertThat(run("logs", "logs", "--level", "loud")).isEqualTo(2);
    assertThat(run("logs", "logs", "--last", "501")).isEqualTo(2);
    assertThat(refused("logs", "nobody")).contains("no plugin named nobody");
    assertThat(refused("logs", "nobody", "-f")).contains("no plugin named nobody");
    assertThat(run("logs", "logs", "--since", "soon")).isEqualTo(2);
  }

  @Test
  void logs_f_misses_and_repeats_no_line_when_the_host_restarts() throws Exception {
    installLogs();
    applyFilter("the_content");
    StringWriter followed = new StringWriter();
    Thread follower =
        Thread.ofPlatform()
            .start(() -> {
              int ended =
                  Main.run(
                      new PrintWriter(followed, true),
                      new PrintWriter(err, true),
                      "logs",
                      "logs",
                      "-f",
                      "--level",
                      "error",
                      "--url",
                      "http://127.0.0.1:" + port,
                      "--data",
                      data.toString());
              assertThat(ended).isNotZero();
            });
    try {
      await().atMost(LONG).until(() -> followed.toString().lines().count() == 1);
      applyFilter("the_content");
      await().atMost(LONG).until(() -> followed.toString().lines().count() == 2);
      running.close();
      running =
          RunningServer.openHost(HostConfig.builder(data).build())
              .listen(ServerConfig.loopback(port).token(AdminToken.ofDirectory(data)).build());
      applyFilter("the_content");
      await().atMost(LONG).until(() -> followed.toString().lines().count() == 3);
      assertThat(followed.toString().lines()).doesNotHaveDuplicates();
      assertThat(err.toString()).contains("connecting again");
    } finally {
      follower.interrupt();
      follower.join();
    }
  }

  @Test
  void update_wait_exits_with_3_when_approval_is_needed() throws IOException {
    said("install", bundle("1", "[]"));
    String asking = bundle("2", "[\"kv.read\"]");
    assertThat(run("update", asking)).isZero();
    assertThat(run("update", "--wait", asking)).isEqualTo(3);
    assertThat(run("update", "--wait", "--approve", asking)).isZero();
    assertThat(run("update", "--wait", asking)).isZero();
  }

  @Test
  void an_update_that_reaches_more_waits_and_a_line_says_what() throws IOException {
    said("install", fetching("1", "a.example.com"));
    String wider = fetching("2", "*.example.com");
    String line = "  + http.fetch.allow https://*.example.com";
    assertThat(said("update", wider).lines())
        .element(0)
        .asString()
        .startsWith("2.0.0 waits for approval, and 1.0.0 stays in service;");
    assertThat(out.toString()).contains("  = http.fetch (sensitive)", line);
    assertThat(said("versions", "app")).contains(line);
    assertThat(said("update", "--approve", wider)).startsWith("2.0.0 replaced 1.0.0; ");
  }

  @Test
  void the_audit_log_names_the_holder_of_the_token() throws Exception {
    running.close();
    Path file = directory.resolve("ci.token");
    running =
        RunningServer.openHost(HostConfig.builder(data).build())
            .listen(
                ServerConfig.loopback(port)
                    .token(AdminToken.ofDirectory(data))
                    .token("ci", AdminToken.ofFile(file))
                    .build());
    said("install", bundle("1", "[]"), "--token", Files.readString(file).strip());
    said("activate", "app");
    assertThat(said("audit", "app").lines().skip(1))
        .satisfiesExactly(
            activated -> assertThat(activated).contains("activate  operator"),
            installed -> assertThat(installed).contains("install   ci"));
  }

  @Test
  void a_host_that_does_not_answer_gives_exit_code_4() {
    running.close();
    assertThat(run("list")).isEqualTo(4);
    assertThat(err.toString()).contains("no host answers at").hasLineCount(1);
  }

  @Test
  void the_url_of_the_host_may_end_with_a_slash() {
    String[] list = {"list", "--data", data.toString(), "--url", "http://127.0.0.1:" + port + "/"};
    assertThat(Main.run(new PrintWriter(out), new PrintWriter(err), list)).isZero();
    assertThat(out.toString()).isEqualTo("no plugins are installed\n");
  }

  @Test
  void an_invalid_url_of_the_host_is_a_wrong_command_line() {
    assertThat(Main.run(new PrintWriter(out), new PrintWriter(err), "list", "--url", "nonsense"))
        .isEqualTo(2);
    assertThat(err.toString()).contains("http://HOST:PORT");
  }

  private void installLogs() throws IOException {
    byte[] bundle = GuestBundle.of("logs").filter("the_content").bytes();
    said("install", "--activate", Files.write(directory.resolve("l.gnplugin"), bundle).toString());
  }

  private void applyFilter(String hook) throws IOException, InterruptedException {
    applyFilter(hook, "1");
  }

  private void applyFilter(String hook, String value) throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> response =
          client.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + port + "/api/v1/filters/" + hook))
                  .POST(HttpRequest.BodyPublishers.ofString("{\"value\":" + value + "}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
    }
  }

  private String bundle(String number, String capabilities) throws IOException {
    return bundle(number, capabilities, "{}");
  }

  private String fetching(String number, String origin) throws IOException {
    String http = "{\"fetch\":{\"allow\":[\"" + origin + "\"]}}";
    return bundle(number, "[\"http.fetch\"]", http);
  }

  private String bundle(String number, String capabilities, String http) throws IOException {
    Path file = directory.resolve("app-" + number + ".gnplugin");
    byte[] bytes =
        GuestBundle.of("app", Guests.wasm("version-" + number))
            .version(number + ".0.0")
            .field("capabilities", capabilities)
            .field("http", http)
            .bytes();
    return Files.write(file, bytes).toString();
  }

  private String said(String... command) {
    out.getBuffer().setLength(0);
    assertThat(run(command)).as("%s: %s", String.join(" ", command), err).isZero();
    return out.toString();
  }

  /** What a wrong command line is told. */
  private String misused(String... words) {
    assertThat(run(words)).as("%s%s", out, err).isEqualTo(2);
    assertThat(err.toString()).startsWith("gonext: ").contains("--help");
    return err.toString();
  }

  /** What a command says that reads this from standard input. */
  private String typed(String text, String... words) {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
      return said(words);
    } finally {
      System.setIn(before);
    }
  }

  /** What a command says that asks no host, whatever its exit code is. */
  private String local(String... command) {
    out.getBuffer().setLength(0);
    Main.run(new PrintWriter(out, true), new PrintWriter(err, true), command);
    return out.toString();
  }

  private String refused(String... command) {
    err.getBuffer().setLength(0);
    assertThat(run(command)).isEqualTo(1);
    return err.toString();
  }

  private int run(String... command) {
    List<String> args = new ArrayList<>(List.of(command));
    if (!args.contains("--stopped")) {
      args.addAll(List.of("--url", "http://127.0.0.1:" + port));
    }
    if (!args.contains("--data")) {
      args.addAll(List.of("--data", data.toString()));
    }
    return Main.run(
        new PrintWriter(out, true), new PrintWriter(err, true), args.toArray(String[]::new));
  }
}
