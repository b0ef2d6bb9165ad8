package io.gonext.server;

import static io.gonext.server.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** The API for {@code gonext plugin dev} over a real socket. */
@Execution(ExecutionMode.CONCURRENT)
class DevApiTest {
  private static final String BOUNDARY = "----b0undary";

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          config -> config.updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO)),
          settings -> settings.dev(true));

  @Test
  void an_upload_serves_at_once_and_a_changed_upload_replaces_it() throws Exception {
    JsonNode first = json(upload(manifest("[\"kv.read\"]"), Guests.wasm("version-1")));
    assertThat(first.path("action").stringValue()).isEqualTo("installed");
    assertThat(first.path("plugin").path("name").stringValue()).isEqualTo("app");
    assertThat(first.path("sha256").stringValue()).isEqualTo(sha256(Guests.wasm("version-1")));
    assertThat(first.path("capabilities").path(0).stringValue()).isEqualTo("kv.read");
    assertThat(server.host().plugins().grants("app").granted()).containsExactly("kv.read");
    assertThat(served()).isEqualTo("1");

    JsonNode same = json(upload(manifest("[\"kv.read\"]"), Guests.wasm("version-1")));
    assertThat(same.path("action").stringValue()).isEqualTo("unchanged");

    JsonNode next = json(upload(manifest("[\"kv.write\"]"), Guests.wasm("version-2")));
    assertThat(next.path("action").stringValue()).isEqualTo("reloaded");
    assertThat(next.path("swap_ms").isNumber()).isTrue();
    assertThat(server.host().plugins().grants("app").granted()).containsExactly("kv.write");
    assertThat(served()).isEqualTo("2");
  }

  @Test
  void the_configuration_of_an_upload_holds_before_the_version_serves() throws Exception {
    String manifest =
        GuestBundle.of("settings", new byte[0])
            .filter("h")
            .field(
                "config",
                "{\"schema\":{\"type\":\"object\",\"required\":[\"size\"],"
                    + "\"properties\":{\"size\":{\"type\":\"integer\"}}}}")
            .manifest();
    assertThat(configured(manifest, "{\"size\":7}").statusCode()).isEqualTo(200);
    assertThat(server.host().applyFilters("h", "csize").value().toString()).isEqualTo("7");
    JsonNode same = json(configured(manifest, "{\"size\":8}"));
    assertThat(same.path("action").stringValue()).isEqualTo("unchanged");
    assertThat(server.host().applyFilters("h", "csize").value().toString()).isEqualTo("8");

    HttpResponse<String> refused = configured(manifest, "{\"size\":\"x\"}");
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("/size");
    assertThat(configured(manifest, "[]").statusCode()).isEqualTo(400);
    assertThat(server.host().applyFilters("h", "csize").value().toString()).isEqualTo("8");
  }

  @Test
  void the_secrets_of_an_upload_hold_before_the_version_serves() throws Exception {
    assertThat(withSecrets("{}").body()).contains("the secret API_KEY has no value");
    assertThat(withSecrets("{\"API_KEY\":\"one\"}").statusCode()).isEqualTo(200);
    assertThat(server.host().applyFilters("h", "sAPI_KEY").value().stringValue()).isEqualTo("one");
    assertThat(withSecrets("{\"API_KEY\":\"one\"}").statusCode()).isEqualTo(200);
    assertThat(json(withSecrets("{\"API_KEY\":\"two\"}")).path("action").stringValue())
        .isEqualTo("unchanged");
    assertThat(server.host().applyFilters("h", "sAPI_KEY").value().stringValue()).isEqualTo("two");
    assertThat(server.host().audit().newest(100))
        .filteredOn(row -> row.event().equals("secret_set"))
        .as("once for each value")
        .hasSize(2)
        .allSatisfy(row -> assertThat(row.toString()).doesNotContain("one", "two"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[]                 | 400 | is not a JSON object",
        "s3cret             | 400 | is not JSON",
        "{\"API_KEY\":[1]}  | 400 | the value of API_KEY is not a text, or is empty",
        "{\"API_KEY\":\"\"}  | 400 | the value of API_KEY is not a text, or is empty",
        "{\"OTHER\":\"s3cret\"} | 409 | does not ask for the secret OTHER; it asks for API_KEY",
      })
  void secrets_that_are_not_acceptable_are_refused_before_a_change(
      String secrets, int status, String reason) throws Exception {
    HttpResponse<String> refused = withSecrets(secrets);
    assertThat(refused.statusCode()).isEqualTo(status);
    assertThat(refused.body()).contains(reason).doesNotContain("s3cret");
    assertThat(server.host().plugins().find("settings")).isEmpty();
  }

  private HttpResponse<String> withSecrets(String secrets) throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    String manifest =
        GuestBundle.of("settings", new byte[0])
            .filter("h")
            .field("secrets", "{\"keys\":[{\"name\":\"API_KEY\",\"required\":true}]}")
            .manifest();
    part(form, "manifest", manifest.getBytes(StandardCharsets.UTF_8));
    part(form, "wasm", Guests.wasm("settings"));
    part(form, "secrets", secrets.getBytes(StandardCharsets.UTF_8));
    return post(form("all", form));
  }

  private HttpResponse<String> configured(String manifest, String config) throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    part(form, "manifest", manifest.getBytes(StandardCharsets.UTF_8));
    part(form, "wasm", Guests.wasm("settings"));
    part(form, "config", config.getBytes(StandardCharsets.UTF_8));
    return post(form("all", form));
  }

  @Test
  void two_uploads_at_once_do_not_mix() throws Exception {
    upload(manifest("[]"), Guests.wasm("version-1"));
    for (int i = 0; i < 5; i++) {
      CountDownLatch both = new CountDownLatch(2);
      try (ExecutorService uploads = Executors.newVirtualThreadPerTaskExecutor()) {
        List<Future<HttpResponse<String>>> answers =
            List.of(
                uploads.submit(() -> {
                  both.countDown();
                  both.await();
                  return upload(manifest("[\"kv.read\"]"), Guests.wasm("version-1"));
                }),
                uploads.submit(() -> {
                  both.countDown();
                  both.await();
                  return upload(manifest("[\"kv.write\"]"), Guests.wasm("version-2"));
                }));
        for (Future<HttpResponse<String>> answer : answers) {
          assertThat(answer.get().statusCode()).as(answer.get().body()).isEqualTo(200);
        }
      }
      String served = served();
      assertThat(served).isIn("1", "2");
      assertThat(server.host().plugins().grants("app").granted())
          .containsExactly(served.equals("1") ? "kv.read" : "kv.write");
    }
  }

  @Test
  void an_upload_counts_the_calls_that_fail_during_the_swap() throws Exception {
    String manifest =
        GuestBundle.of("app", new byte[0]).route("GET", "/").filter("broken").manifest();
    byte[] traps = Guests.wasm("trap");
    JsonNode quiet = json(upload(manifest, traps));
    assertThat(quiet.path("requests_failed").asInt(-1)).isZero();
    AtomicBoolean stop = new AtomicBoolean();
    Thread caller =
        Thread.ofPlatform()
            .start(() -> {
              try {
                while (!stop.get()) {
                  server.host().applyFilters("broken", "x");
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    try {
      AtomicInteger variant = new AtomicInteger();
      await()
          .atMost(Duration.ofSeconds(60))
          .untilAsserted(() -> {
            // An unused custom section makes it a different module each time.
            byte[] next = Arrays.copyOf(traps, traps.length + 4);
            next[traps.length + 1] = 2;
            next[traps.length + 2] = 1;
            next[traps.length + 3] = (byte) ('a' + variant.getAndIncrement() % 26);
            assertThat(json(upload(manifest, next)).path("requests_failed").asInt()).isPositive();
          });
    } finally {
      stop.set(true);
      caller.join();
    }
  }

  @Test
  void a_rejected_upload_leaves_the_version_in_service() throws Exception {
    upload(manifest("[]"), Guests.wasm("version-1"));
    HttpResponse<String> refused = upload(manifest("[]"), Guests.wasm("noalloc"));
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("gn_alloc");
    assertThat(upload("{}", Guests.wasm("version-2")).statusCode()).isEqualTo(422);
    assertThat(served()).isEqualTo("1");
  }

  @Test
  void an_upload_may_have_the_bundles_other_files() throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    part(form, "manifest", manifest("[]").getBytes(StandardCharsets.UTF_8));
    part(form, "wasm", Guests.wasm("version-1"));
    byte[] german = "{\"a\":\"A\"}".getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream good = new ByteArrayOutputStream();
    good.writeBytes(form.toByteArray());
    part(good, "files", GuestBundle.zip(Map.of("locales/de.json", german)));
    assertThat(post(form("files", good)).statusCode()).isEqualTo(200);
    assertThat(server.host().plugins().locales("app").messages("de")).containsEntry("a", "A");

    ByteArrayOutputStream bad = new ByteArrayOutputStream();
    bad.writeBytes(form.toByteArray());
    part(bad, "files", GuestBundle.zip(Map.of("run.sh", german)));
    HttpResponse<String> refused = post(form("files", bad));
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.body()).contains("run.sh: not a file of a bundle");
    part(form, "files", german);
    assertThat(post(form("files", form)).body()).contains("not a ZIP file");
  }

  @Test
  void a_malformed_or_incomplete_form_is_refused_with_a_problem() throws Exception {
    assertThat(post("application/json", "{}".getBytes(StandardCharsets.UTF_8)).statusCode())
        .isEqualTo(415);
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    part(form, "manifest", "{}".getBytes(StandardCharsets.UTF_8));
    HttpResponse<String> lacking = post(form("manifest", form));
    assertThat(lacking.statusCode()).isEqualTo(400);
    assertThat(json(lacking).path("detail").stringValue())
        .isEqualTo("the form has no part \"wasm\"");
    part(form, "other", new byte[1]);
    assertThat(post(form("other", form)).statusCode()).isEqualTo(400);
    byte[] cut = form("cut", form);
    assertThat(post(Arrays.copyOf(cut, cut.length - 10)).statusCode()).isEqualTo(400);
  }

  @ParameterizedTest
  @CsvSource({"wasm,17", "manifest,2"})
  void a_form_part_is_refused_at_the_first_byte_beyond_its_limit(String part, int mebibytes)
      throws Exception {
    // The headers announce 100 MiB. The answer comes although the rest is never sent.
    try (Socket socket = server.connect()) {
      socket.setSoTimeout(20_000);
      OutputStream out = socket.getOutputStream();
      out.write(
          ("POST /_/plugins/dev/install HTTP/1.1\r\nHost: localhost\r\n"
                  + "Content-Type: multipart/form-data; boundary="
                  + BOUNDARY
                  + "\r\nContent-Length: 104857600\r\n\r\n--"
                  + BOUNDARY
                  + "\r\nContent-Disposition: form-data; name=\""
                  + part
                  + "\"\r\n\r\n")
              .getBytes(StandardCharsets.US_ASCII));
      byte[] mebibyte = new byte[1024 * 1024];
      try {
        for (int i = 0; i < mebibytes; i++) {
          out.write(mebibyte);
        }
        out.flush();
      } catch (IOException e) {
        // The server may close the connection after its answer.
      }
      byte[] answer = new byte[12];
      assertThat(socket.getInputStream().readNBytes(answer, 0, answer.length)).isEqualTo(12);
      assertThat(new String(answer, StandardCharsets.US_ASCII)).isEqualTo("HTTP/1.1 413");
    }
  }

  @Test
  void the_dev_api_refuses_foreign_host_names_and_origins() throws Exception {
    for (List<String> header :
        List.of(List.of("Host", "evil.example"), List.of("Host", "127.0.0.1:1\r\nOrigin: null"))) {
      try (Socket socket = server.connect()) {
        socket.setSoTimeout(20_000);
        socket
            .getOutputStream()
            .write(
                ("POST /_/plugins/dev/install HTTP/1.1\r\n"
                        + header.get(0)
                        + ": "
                        + header.get(1)
                        + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    .getBytes(StandardCharsets.US_ASCII));
        String answer =
            new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(answer).startsWith("HTTP/1.1 403");
      }
    }
  }

  @Test
  void a_refused_log_stream_gets_a_problem_and_no_events() throws Exception {
    try (Socket socket = server.connect()) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write(
              """
              GET /_/plugins/dev/logs/app HTTP/1.1\r
              Host: evil.example\r
              Accept: text/event-stream\r
              Connection: close\r
              \r
              """
                  .getBytes(StandardCharsets.US_ASCII));
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertThat(answer).startsWith("HTTP/1.1 403").contains("application/problem+json");
    }
  }

  @Test
  void the_dev_api_on_a_public_address_requires_the_token() throws Exception {
    String token = "0123456789abcdef0123456789abcdef";
    ServerConfig open =
        ServerConfig.loopback(0).address("0.0.0.0").token(AdminToken.of(token)).dev(true).build();
    try (HttpServer reachable = server.startAnother(open)) {
      String base = "http://127.0.0.1:" + reachable.port() + "/_/plugins/dev";
      ByteArrayOutputStream parts = new ByteArrayOutputStream();
      part(parts, "manifest", manifest("[]").getBytes(StandardCharsets.UTF_8));
      part(parts, "wasm", Guests.wasm("version-1"));
      HttpRequest.Builder install =
          HttpRequest.newBuilder(URI.create(base + "/install"))
              .header("Content-Type", "multipart/form-data; boundary=" + BOUNDARY)
              .POST(BodyPublishers.ofByteArray(form("both", parts)));
      HttpRequest.Builder logs =
          HttpRequest.newBuilder(URI.create(base + "/logs/app"))
              .header("Accept", "text/event-stream");
      for (HttpRequest.Builder door : List.of(install, logs)) {
        assertThat(status(door)).isEqualTo(401);
        assertThat(status(door.copy().header("Authorization", "Bearer " + token + "0")))
            .isEqualTo(401);
        assertThat(status(door.copy().header("Authorization", "Bearer " + token))).isEqualTo(200);
      }
      assertThat(server.host().plugins().find("app")).isPresent();
    }
  }

  /** The status of the answer. Does not read its body, which may be a stream. */
  private int status(HttpRequest.Builder request) throws Exception {
    HttpResponse<java.io.InputStream> response =
        server.client().send(request.build(), BodyHandlers.ofInputStream());
    response.body().close();
    return response.statusCode();
  }

  @Test
  void the_dev_stream_sends_log_lines_as_they_are_written() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url("/_/plugins/dev/logs/logs")))
            .header("Accept", "text/event-stream")
            .build();
    HttpResponse<Stream<String>> response = server.client().send(request, BodyHandlers.ofLines());
    assertThat(response.headers().firstValue("content-type").orElseThrow())
        .startsWith("text/event-stream");
    try (Stream<String> lines = response.body()) {
      Iterator<String> each = lines.iterator();
      assertThat(each.next()).isEqualTo(": connected");
      server.host().plugins().install(GuestBundle.of("logs").action("saved").bytes());
      server.host().plugins().activate("logs");
      server.host().doAction("saved");
      String line = each.next();
      while (!line.startsWith("data:")) {
        line = each.next();
      }
      assertThat(line).isEqualTo("data: {\"level\":\"debug\",\"message\":\"a line of the guest\"}");
    }
  }

  @Test
  void the_dev_stream_sends_failures_with_their_backtrace() throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(url("/_/plugins/dev/logs/failing")))
            .header("Accept", "text/event-stream")
            .build();
    HttpResponse<Stream<String>> response = server.client().send(request, BodyHandlers.ofLines());
    try (Stream<String> lines = response.body()) {
      Iterator<String> each = lines.iterator();
      assertThat(each.next()).isEqualTo(": connected");
      server
          .host()
          .plugins()
          .install(GuestBundle.of("failing", Guests.wasm("loop")).filter("spin").bytes());
      server.host().plugins().activate("failing");
      server.host().applyFilters("spin", 1);
      String line = each.next();
      while (!line.equals("event: failure")) {
        line = each.next();
      }
      JsonNode failure =
          StrictJson.parse(
              each.next().substring("data: ".length()).getBytes(StandardCharsets.UTF_8));
      assertThat(failure.path("hook").asString()).isEqualTo("spin");
      assertThat(failure.path("code").asString()).isEqualTo("DEADLINE");
      assertThat(failure.path("message").asString()).startsWith("the guest did not return within ");
      assertThat(failure.path("level").asString()).isEqualTo("error");
      assertThat(failure.path("backtrace").size()).isPositive();
      assertThat(failure.path("backtrace").path(0).path("function").asString()).isNotEmpty();
    }
  }

  @Test
  void a_server_has_no_dev_api_by_default() throws Exception {
    try (HttpServer plain = server.startAnother(ServerConfig.loopback(0).build())) {
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create("http://127.0.0.1:" + plain.port() + "/_/plugins/dev/install"))
              .POST(BodyPublishers.noBody())
              .build();
      assertThat(server.client().send(request, BodyHandlers.ofString()).statusCode())
          .isEqualTo(404);
    }
  }

  private static String manifest(String capabilities) {
    return GuestBundle.of("app", new byte[0])
        .route("GET", "/")
        .field("capabilities", capabilities)
        .manifest();
  }

  private HttpResponse<String> upload(String manifest, byte[] wasm) throws Exception {
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    part(form, "manifest", manifest.getBytes(StandardCharsets.UTF_8));
    part(form, "wasm", wasm);
    return post(form("both", form));
  }

  private static byte[] form(String what, ByteArrayOutputStream parts) {
    assertThat(parts.size()).as(what).isPositive();
    ByteArrayOutputStream form = new ByteArrayOutputStream();
    form.writeBytes(parts.toByteArray());
    form.writeBytes(("--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII));
    return form.toByteArray();
  }

  private static void part(ByteArrayOutputStream form, String name, byte[] content) {
    form.writeBytes(
        ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n")
            .getBytes(StandardCharsets.US_ASCII));
    form.writeBytes(content);
    form.writeBytes("\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private HttpResponse<String> post(byte[] form) throws Exception {
    return post("multipart/form-data; boundary=" + BOUNDARY, form);
  }

  private HttpResponse<String> post(String type, byte[] body) throws Exception {
    return server
        .client()
        .send(
            HttpRequest.newBuilder(URI.create(url("/_/plugins/dev/install")))
                .header("Content-Type", type)
                .POST(BodyPublishers.ofByteArray(body))
                .build(),
            BodyHandlers.ofString());
  }

  private String served() throws Exception {
    return server
        .client()
        .send(
            HttpRequest.newBuilder(URI.create(url("/api/plugins/app/"))).build(),
            BodyHandlers.ofString())
        .body();
  }

  private String url(String path) {
    return "http://127.0.0.1:" + server.port() + path;
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
