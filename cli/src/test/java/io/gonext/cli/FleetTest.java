package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.SimpleFileServer;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.HostConfig;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.json.StrictJson;
import io.gonext.server.AdminToken;
import io.gonext.server.ServerConfig;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** {@code gonext apply} and {@code gonext lock} against a running host. */
class FleetTest {
  @TempDir private static Path data;
  private static RunningServer running;

  @TempDir private Path directory;
  private String text = "";
  private String errors = "";

  @BeforeAll
  static void serve() throws InterruptedException {
    running =
        RunningServer.openHost(HostConfig.builder(data).updates(UpdatePolicy.development()).build())
            .listen(ServerConfig.loopback(0).token(AdminToken.ofDirectory(data)).build());
  }

  @AfterAll
  static void stop() {
    running.close();
  }

  @AfterEach
  void empty() throws IOException {
    write();
    said("apply", "--prune", "--delete-data");
  }

  @Test
  void a_fresh_host_gets_the_plugins_with_grants_and_configuration() throws Exception {
    Path settings = settings("1.0.0", "");
    write(
        entry("settings", settings, "\"grants\":[\"kv.read\"],\"config\":{\"size\":3}"),
        entry("app", bundle("app", "1", ""), "\"state\":\"inactive\""));

    assertThat(run("apply", "--plan")).isEqualTo(3);
    assertThat(text)
        .contains("plan: 5 steps")
        .containsSubsequence(
            "install    app  1.0.0",
            "install    settings  1.0.0",
            "grants     settings  +kv.read",
            "config     settings  size",
            "activate   settings");
    assertThat(plugins()).isEmpty();

    assertThat(run("apply")).as(text + errors).isZero();
    assertThat(text).contains("done     activate settings", "the host is as the file says");
    assertThat(plugins()).containsExactly("app 1.0.0 INSTALLED", "settings 1.0.0 ACTIVE");
    assertThat(said("config", "settings", "size")).isEqualTo("3\n");
    assertThat(grants("settings")).containsExactly("kv.read");
  }

  @Test
  void a_second_run_has_nothing_to_do() throws Exception {
    write(entry("settings", settings("1.0.0", ""), "\"grants\":[],\"config\":{\"size\":3.0}"));
    assertThat(run("apply")).as(text + errors).isZero();
    int rows = auditRows("settings");

    assertThat(run("apply")).isZero();
    assertThat(text).isEqualTo("nothing to do: the host is as the file says\n");
    assertThat(run("apply", "--plan")).isZero();
    assertThat(auditRows("settings")).isEqualTo(rows);
  }

  @Test
  void an_update_in_service_grants_what_the_file_names_and_nothing_else() throws Exception {
    write(entry("app", bundle("app", "1", "kv.read"), "\"grants\":[]"));
    said("apply");
    write(entry("app", bundle("app", "2", "kv.read", "kv.write"), "\"grants\":[\"kv.write\"]"));

    assertThat(run("apply", "--plan")).isEqualTo(3);
    assertThat(text).contains("update     app  1.0.0 -> 2.0.0", "grants     app  +kv.write");
    said("apply");

    assertThat(plugins()).containsExactly("app 2.0.0 ACTIVE");
    assertThat(grants("app")).containsExactly("kv.write");
    assertThat(text).doesNotContain("deactivate");
  }

  @Test
  void a_capability_that_the_file_does_not_grant_is_revoked_before_the_version_serves()
      throws Exception {
    write(entry("app", bundle("app", "1", "kv.read"), "\"grants\":[\"kv.read\"]"));
    said("apply");
    write(entry("app", bundle("app", "2", "kv.read", "kv.write"), "\"grants\":[\"kv.read\"]"));

    said("apply");
    assertThat(text)
        .containsSubsequence(
            "done     deactivate app: it gets 2.0.0 without kv.write",
            "done     update app",
            "done     grants app",
            "done     activate app");
    assertThat(grants("app")).containsExactly("kv.read");
    assertThat(run("apply", "--plan")).isZero();
  }

  @Test
  void a_grant_that_left_the_file_is_revoked() throws Exception {
    Path bundle = bundle("app", "1", "kv.read", "kv.write");
    write(entry("app", bundle, "\"grants\":[\"kv.read\",\"kv.write\"]"));
    said("apply");
    write(entry("app", bundle, "\"grants\":[\"kv.write\"]"));
    said("apply");
    assertThat(text).contains("grants app: -kv.read");
    assertThat(grants("app")).containsExactly("kv.write");
  }

  @Test
  void more_capabilities_without_grants_in_the_file_are_refused_before_a_change() throws Exception {
    write(entry("app", bundle("app", "1", ""), ""));
    said("apply");
    write(entry("app", bundle("app", "2", "kv.write"), ""));
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("app 2.0.0 requests kv.write", "list in grants");
    assertThat(plugins()).containsExactly("app 1.0.0 ACTIVE");
  }

  @Test
  void prune_removes_what_the_file_does_not_list_and_keeps_its_data() throws Exception {
    Path app = bundle("app", "1", "");
    write(entry("app", app, ""), entry("other", bundle("other", "1", ""), ""));
    said("apply");
    write(entry("app", app, ""));

    assertThat(run("apply", "--plan")).isZero();
    assertThat(text).contains("not in the file: other; --prune removes");
    assertThat(plugins()).hasSize(2);
    assertThat(run("apply", "--plan", "--prune")).isEqualTo(3);
    said("apply", "--prune");
    assertThat(plugins()).containsExactly("app 1.0.0 ACTIVE");
    assertThat(said("audit", "other")).contains("uninstall").contains("\"data\":\"kept\"");
    assertThat(run("apply", "--delete-data")).isEqualTo(2);
  }

  @Test
  void plugins_are_activated_after_and_deactivated_before_what_they_need() throws Exception {
    write(
        entry("aaa", depending("aaa", "1.0.0", "zzz", "^1"), ""),
        entry("zzz", versioned("zzz", "1.0.0"), ""));
    said("apply");
    assertThat(text).containsSubsequence("done     activate zzz", "done     activate aaa");

    write(
        entry("aaa", depending("aaa", "2.0.0", "zzz", "^2"), ""),
        entry("zzz", versioned("zzz", "2.0.0"), ""));
    said("apply");
    assertThat(text)
        .containsSubsequence(
            "deactivate aaa: while zzz is changed", "update zzz", "update aaa", "activate aaa");
    assertThat(plugins()).containsExactly("aaa 2.0.0 ACTIVE", "zzz 2.0.0 ACTIVE");

    write(entry("aaa", depending("aaa", "2.0.0", "zzz", "^2"), ""));
    assertThat(run("apply", "--prune")).isEqualTo(1);
    assertThat(errors).contains("aaa needs zzz ^2, which --prune removes");
    write();
    said("apply", "--prune");
    assertThat(text).containsSubsequence("deactivate aaa", "deactivate zzz", "uninstall");
    assertThat(plugins()).isEmpty();
  }

  @Test
  void a_plugin_that_fails_stops_its_dependents_and_no_others() throws Exception {
    Path refusing = directory.resolve("bad.gnplugin");
    Files.write(refusing, GuestBundle.of("bad", Guests.wasm("refuses")).filter("h").bytes());
    write(
        entry("bad", refusing, ""),
        entry("needs-bad", depending("needs-bad", "1.0.0", "bad", "^1"), ""),
        entry("other", versioned("other", "1.0.0"), ""));

    assertThat(run("apply")).isEqualTo(1);
    assertThat(text)
        .contains("FAILED   activate bad: ")
        .contains("not done install needs-bad: 1.0.0: needs-bad needs bad: activate bad failed")
        .contains("done     activate other")
        .contains("3 of 6 steps done; mend what failed and run the command again");
    assertThat(plugins()).containsExactly("bad 1.0.0 INSTALLED", "other 1.0.0 ACTIVE");

    Files.write(refusing, GuestBundle.of("bad", Guests.wasm("version-1")).filter("h").bytes());
    write(
        entry("bad", refusing, ""),
        entry("needs-bad", depending("needs-bad", "1.0.0", "bad", "^1"), ""),
        entry("other", versioned("other", "1.0.0"), ""));
    said("apply");
    assertThat(plugins()).allMatch(line -> line.endsWith("ACTIVE"));
  }

  @Test
  void a_plugin_that_was_stopped_for_a_failed_update_serves_again_as_it_was() throws Exception {
    write(
        entry("aaa", depending("aaa", "1.0.0", "zzz", "^1"), ""),
        entry("zzz", versioned("zzz", "1.0.0"), ""));
    said("apply");
    Path refusing = directory.resolve("bad.gnplugin");
    Files.write(
        refusing,
        GuestBundle.of("zzz", Guests.wasm("refuses")).version("2.0.0").filter("h").bytes());
    write(entry("aaa", depending("aaa", "2.0.0", "zzz", "^2"), ""), entry("zzz", refusing, ""));

    assertThat(run("apply")).isEqualTo(1);
    assertThat(text)
        .containsSubsequence(
            "deactivate aaa", "FAILED   update zzz", "done     activate aaa: back in service");
    assertThat(plugins()).containsExactly("aaa 1.0.0 ACTIVE", "zzz 1.0.0 ACTIVE");
  }

  @Test
  void a_missing_secret_is_named_and_the_next_run_goes_on() throws Exception {
    write(entry("settings", settings("1.0.0", "API_KEY"), "\"grants\":[\"secrets.keys\"]"));
    assertThat(run("apply", "--plan")).isEqualTo(3);
    String sentence = "missing secret API_KEY: gonext secret set settings API_KEY";
    assertThat(text).contains(sentence);
    assertThat(run("apply")).isEqualTo(1);
    assertThat(text).contains(sentence, "FAILED   activate settings", "2 of 3 steps done");

    typed("geheim\n", "secret", "set", "settings", "API_KEY");
    said("apply");
    assertThat(text).contains("plan: 1 step\n", "activate settings").doesNotContain("missing");
    assertThat(plugins()).containsExactly("settings 1.0.0 ACTIVE");
  }

  @Test
  void an_update_that_needs_a_new_secret_waits_for_it_and_the_old_version_serves()
      throws Exception {
    write(entry("settings", settings("1.0.0", ""), "\"grants\":[]"));
    said("apply");
    write(entry("settings", settings("2.0.0", "API_KEY"), "\"grants\":[]"));
    assertThat(run("apply")).isEqualTo(1);
    assertThat(text)
        .contains(
            "missing secret API_KEY: gonext secret set settings API_KEY",
            "FAILED   update settings: 1.0.0 -> 2.0.0: the version cannot serve yet")
        .doesNotContain("deactivate");
    assertThat(plugins()).containsExactly("settings 1.0.0 ACTIVE");

    typed("geheim\n", "secret", "set", "settings", "API_KEY");
    said("apply");
    assertThat(plugins()).containsExactly("settings 2.0.0 ACTIVE");
    assertThat(grants("settings")).isEmpty();
  }

  @Test
  void a_version_that_needs_another_configuration_is_stopped_for_it() throws Exception {
    write(entry("settings", settings("1.0.0", ""), "\"config\":{\"size\":3}"));
    said("apply");
    Path next =
        Files.write(
            directory.resolve("next.gnplugin"),
            GuestBundle.of("settings")
                .version("2.0.0")
                .filter("h")
                .field(
                    "config",
                    """
                    {"schema":{"type":"object","additionalProperties":false,"required":["width"],
                     "properties":{"width":{"type":"integer"}}}}
                    """)
                .bytes());
    write(entry("settings", next, "\"config\":{\"width\":4}"));
    said("apply");
    assertThat(text)
        .containsSubsequence(
            "deactivate settings: its versions do not accept the same configuration",
            "update settings",
            "config settings",
            "activate settings");
    assertThat(plugins()).containsExactly("settings 2.0.0 ACTIVE");
  }

  @Test
  void a_configuration_with_an_error_or_a_hidden_value_is_refused_before_a_change()
      throws Exception {
    Path bundle = settings("1.0.0", "");
    write(entry("settings", bundle, "\"config\":{\"size\":0}"));
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("settings: config/size: found 0; allowed: at least 1");
    write(entry("settings", bundle, "\"config\":{\"pin\":\"1234\"}"));
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("config/pin is write-only", "pin=-").doesNotContain("1234");
    assertThat(plugins()).isEmpty();
  }

  @Test
  void another_bundle_than_the_one_with_the_digest_is_refused_before_a_change() throws Exception {
    Path app = bundle("app", "1", "");
    write(entry("app", app, ""), entry("zzz", versioned("zzz", "1.0.0"), ""));
    Files.copy(bundle("app", "2", ""), app, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("it has the digest sha256:", "another bundle");
    assertThat(plugins()).isEmpty();
  }

  @Test
  void what_a_file_may_not_hold_is_named_with_its_place() throws Exception {
    Path file = directory.resolve("gonext.lock");
    Files.writeString(
        file,
        """
        {"apiVersion":"gonext.io/v1","plugins":[
          {"name":"app","reference":"a","grant":[]},
          {"name":"app","reference":"b","state":"on","secrets":{"A":"b"}},
          {"name":"No Name","reference":"c"}]}
        """);
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors)
        .contains(
            "/plugins/0/grant: there is no such property",
            "did you mean grants?",
            "/plugins/1/state: found \"on\"; allowed: active, inactive",
            "/plugins/1/secrets: there is no such property",
            "/plugins/1/name: app is listed twice",
            "/plugins/2/name: found \"No Name\"");
    Files.writeString(file, "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[],\"plugins\":[]}");
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("not valid JSON").hasLineCount(1);
    Files.writeString(file, "[]");
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("allowed: an object").hasLineCount(1);
    Files.writeString(
        file,
        "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":"
            + "[{\"name\":\"app\",\"reference\":\"http://example.com/a\"}]}");
    assertThat(run("apply")).isEqualTo(1);
    assertThat(errors).contains("use https").hasLineCount(1);
  }

  @Test
  void lock_adds_the_digests_of_a_web_servers_bundles_and_apply_takes_them() throws Exception {
    Path files = Files.createDirectory(directory.resolve("www"));
    Files.copy(bundle("app", "1", ""), files.resolve("app.gnplugin"));
    HttpServer web =
        SimpleFileServer.createFileServer(
            new InetSocketAddress(loopback(), 0),
            files.toRealPath(),
            SimpleFileServer.OutputLevel.NONE);
    web.start();
    try {
      String url = "http://127.0.0.1:" + web.getAddress().getPort() + "/app.gnplugin";
      Path file = directory.resolve("gonext.lock");
      Files.writeString(
          file,
          "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[{\"name\":\"app\",\"reference\":\""
              + url
              + "\",\"config\":{}}]}");
      assertThat(run("apply")).isEqualTo(1);
      assertThat(errors).contains("no digest of app: run gonext lock");
      assertThat(runAlone("lock", file.toString())).as(errors).isZero();
      assertThat(Files.readString(file)).contains("\"digest\": \"sha256:");
      assertThat(runAlone("lock", file.toString())).isZero();
      assertThat(text).contains("nothing to do");
      assertThat(run("apply")).isEqualTo(1);
      assertThat(errors).contains("app has no configuration");
      Files.writeString(file, Files.readString(file).replaceFirst(",\\s*\"config\"[^}]*}", ""));
      said("apply");
      assertThat(plugins()).containsExactly("app 1.0.0 ACTIVE");
      Files.writeString(file, Files.readString(file).replace("app.gnplugin", "none.gnplugin"));
      assertThat(run("apply", "--plan")).isZero();
      said("deactivate", "app");
      said("uninstall", "app");
      assertThat(run("apply")).isEqualTo(1);
      assertThat(errors).contains("none.gnplugin: there is no such file");
    } finally {
      web.stop(0);
    }
  }

  @Test
  void two_runs_at_once_both_end_with_the_host_as_the_file_says() throws Exception {
    write(
        entry("aaa", depending("aaa", "1.0.0", "zzz", "^1"), "\"grants\":[]"),
        entry("app", bundle("app", "1", "kv.read"), "\"grants\":[\"kv.read\"]"),
        entry("zzz", versioned("zzz", "1.0.0"), ""));
    assertThat(twice()).containsOnly(0);
    assertThat(plugins()).hasSize(3).allMatch(line -> line.endsWith("1.0.0 ACTIVE"));
    write(
        entry("aaa", depending("aaa", "2.0.0", "zzz", "^2"), "\"grants\":[]"),
        entry("app", bundle("app", "2", "kv.read", "kv.write"), "\"grants\":[\"kv.write\"]"),
        entry("zzz", versioned("zzz", "2.0.0"), ""));
    assertThat(twice()).containsOnly(0);
    assertThat(plugins()).hasSize(3).allMatch(line -> line.endsWith("2.0.0 ACTIVE"));
    assertThat(grants("app")).containsExactly("kv.write");
    assertThat(run("apply", "--plan")).isZero();
  }

  @Test
  void a_host_that_stops_in_the_middle_ends_the_run_with_what_was_done() throws Exception {
    write(entry("app", bundle("app", "1", ""), ""));
    HttpServer proxy = HttpServer.create(new InetSocketAddress(loopback(), 0), 0);
    try (HttpClient client = HttpClient.newHttpClient()) {
      proxy.createContext("/", exchange -> forward(exchange, client, proxy));
      proxy.start();
      String url = "http://127.0.0.1:" + proxy.getAddress().getPort();
      String file = directory.resolve("gonext.lock").toString();
      assertThat(runAlone("apply", file, "--url", url, "--data", data.toString())).isEqualTo(4);
    }
    assertThat(text)
        .contains("done     install app: 1.0.0", "no host answers at", "1 of 2 steps done");
    said("apply");
    assertThat(text).contains("plan: 1 step\n", "done     activate app");
  }

  private static InetAddress loopback() {
    return InetAddress.getLoopbackAddress();
  }

  /** Stops the proxy instead of an activation. */
  private static void forward(HttpExchange exchange, HttpClient client, HttpServer proxy)
      throws IOException {
    if (exchange.getRequestURI().getPath().endsWith("/activate")) {
      exchange.close();
      proxy.stop(0);
      return;
    }
    URI target = URI.create("http://127.0.0.1:" + running.port() + exchange.getRequestURI());
    HttpRequest.BodyPublisher body =
        HttpRequest.BodyPublishers.ofByteArray(exchange.getRequestBody().readAllBytes());
    HttpRequest request =
        HttpRequest.newBuilder(target)
            .method(exchange.getRequestMethod(), body)
            .header("Authorization", exchange.getRequestHeaders().getFirst("Authorization"))
            .build();
    try {
      HttpResponse<byte[]> answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      exchange.sendResponseHeaders(answer.statusCode(), answer.body().length);
      exchange.getResponseBody().write(answer.body());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      exchange.close();
    }
  }

  private List<Integer> twice() throws Exception {
    CountDownLatch begin = new CountDownLatch(1);
    Callable<Integer> apply =
        () -> {
          begin.await();
          StringWriter said = new StringWriter();
          return Main.run(new PrintWriter(said), new PrintWriter(said), arguments("apply"));
        };
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Future<Integer>> both = List.of(threads.submit(apply), threads.submit(apply));
      begin.countDown();
      return List.of(both.get(0).get(), both.get(1).get());
    }
  }

  @Test
  void json_has_the_status_of_each_step() throws Exception {
    write(entry("app", bundle("app", "1", ""), ""));
    assertThat(run("apply", "--plan", "--json")).isEqualTo(3);
    assertThat(text)
        .isEqualTo(
            "{\"plan\":[{\"action\":\"install\",\"plugin\":\"app\",\"detail\":\"1.0.0\"},"
                + "{\"action\":\"activate\",\"plugin\":\"app\",\"detail\":\"\"}],\"restored\":[],"
                + "\"missing_secrets\":[],\"not_in_file\":[],\"notes\":[]}\n");
    assertThat(run("apply", "--json")).isZero();
    JsonNode answer = StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    assertThat(answer.path("changed").booleanValue()).isTrue();
    assertThat(answer.path("plan").valueStream().map(step -> step.path("status").asString()))
        .containsExactly("done", "done");
    assertThat(run("apply", "--json")).isZero();
    assertThat(text).contains("\"changed\":false");
  }

  private Path bundle(String name, String number, String... capabilities) throws IOException {
    List<String> quoted =
        List.of(capabilities).stream()
            .filter(id -> !id.isEmpty())
            .map(id -> "\"" + id + "\"")
            .toList();
    return Files.write(
        directory.resolve(name + "-" + number + ".gnplugin"),
        GuestBundle.of(name, Guests.wasm("version-" + number))
            .version(number + ".0.0")
            .field("capabilities", quoted.toString())
            .bytes());
  }

  private Path versioned(String name, String version) throws IOException {
    return Files.write(
        directory.resolve(name + "-" + version + ".gnplugin"),
        GuestBundle.of(name, Guests.wasm("version-1")).version(version).filter("h").bytes());
  }

  private Path depending(String name, String version, String on, String range) throws IOException {
    return Files.write(
        directory.resolve(name + "-" + version + ".gnplugin"),
        GuestBundle.of(name, Guests.wasm("version-1"))
            .version(version)
            .field("depends", "[{\"name\":\"" + on + "\",\"version\":\"" + range + "\"}]")
            .bytes());
  }

  private Path settings(String version, String secret) throws IOException {
    GuestBundle bundle =
        GuestBundle.of("settings")
            .version(version)
            .filter("h")
            .field("capabilities", "[\"kv.read\"]")
            .field(
                "config",
                """
                {"schema":{"type":"object","additionalProperties":false,"properties":{
                  "size":{"type":"integer","minimum":1},
                  "pin":{"type":"string","writeOnly":true}}}}
                """);
    if (!secret.isEmpty()) {
      bundle.field("secrets", "{\"keys\":[{\"name\":\"" + secret + "\",\"required\":true}]}");
    }
    return Files.write(directory.resolve("settings-" + version + ".gnplugin"), bundle.bytes());
  }

  private static String entry(String name, Path bundle, String more) throws Exception {
    return "{\"name\":\""
        + name
        + "\",\"reference\":\""
        + bundle.getFileName()
        + "\",\"digest\":\"sha256:"
        + HexFormat.of()
            .formatHex(MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(bundle)))
        + "\""
        + (more.isEmpty() ? "" : "," + more)
        + "}";
  }

  private void write(String... entries) throws IOException {
    Files.writeString(
        directory.resolve("gonext.lock"),
        "{\"apiVersion\":\"gonext.io/v1\",\"plugins\":[" + String.join(",", entries) + "]}");
  }

  private List<String> plugins() throws Exception {
    return json("list")
        .path("plugins")
        .valueStream()
        .map(plugin ->
            plugin.path("name").asString()
                + " "
                + plugin.path("version").asString()
                + " "
                + plugin.path("state").asString())
        .toList();
  }

  private List<String> grants(String plugin) throws Exception {
    return json("grants", plugin)
        .path("capabilities")
        .valueStream()
        .filter(capability -> capability.path("granted").booleanValue())
        .map(capability -> capability.path("id").asString())
        .toList();
  }

  private int auditRows(String plugin) throws Exception {
    return json("audit", plugin).path("audit").size();
  }

  /** Keeps what was said before. */
  private JsonNode json(String... command) throws Exception {
    String before = text;
    List<String> words = new ArrayList<>(List.of(command));
    words.add("--json");
    JsonNode answer =
        StrictJson.parse(said(words.toArray(String[]::new)).getBytes(StandardCharsets.UTF_8));
    text = before;
    return answer;
  }

  private String said(String... command) {
    assertThat(run(command)).as("%s%s", text, errors).isZero();
    return text;
  }

  private void typed(String value, String... command) {
    InputStream before = System.in;
    try {
      System.setIn(new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8)));
      said(command);
    } finally {
      System.setIn(before);
    }
  }

  private int run(String... command) {
    return runAlone(arguments(command));
  }

  private String[] arguments(String... command) {
    List<String> all = new ArrayList<>(List.of(command));
    if (all.getFirst().equals("apply")) {
      all.add(directory.resolve("gonext.lock").toString());
    }
    all.addAll(List.of("--url", "http://127.0.0.1:" + running.port(), "--data", data.toString()));
    return all.toArray(String[]::new);
  }

  private int runAlone(String... command) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int code = Main.run(new PrintWriter(out, true), new PrintWriter(err, true), command);
    text = out.toString();
    errors = err.toString();
    return code;
  }
}
