package io.gonext.server;

import static io.gonext.server.TestServer.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Host;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.trust.TrustPolicy;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** The operator's API over a real socket. */
@Execution(ExecutionMode.CONCURRENT)
class AdminApiTest {
  @TempDir private Path data;

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          config ->
              config
                  .trust(TrustPolicy.off())
                  .updates(UpdatePolicy.defaults().withWarmUp(Duration.ZERO)),
          TestServer::token);

  @Test
  void a_plugin_is_installed_updated_rolled_back_and_removed_over_http() throws Exception {
    byte[] first = version("1").bytes();
    HttpResponse<String> installed = send("POST", "/api/v1/plugins", first);
    assertThat(installed.statusCode()).isEqualTo(201);
    assertThat(installed.headers().firstValue("location")).contains("/api/v1/plugins/app");
    assertThat(json(installed).path("state").stringValue()).isEqualTo("INSTALLED");
    assertThat(send("POST", "/api/v1/plugins", first).statusCode()).isEqualTo(200);

    JsonNode active = json(send("POST", "/api/v1/plugins/app/activate", new byte[0]));
    assertThat(active.path("state").stringValue()).isEqualTo("ACTIVE");

    JsonNode updated = json(send("PUT", "/api/v1/plugins/app/bundle", version("2").bytes()));
    assertThat(updated.path("action").stringValue()).isEqualTo("replaced");
    assertThat(served()).isEqualTo("2");
    JsonNode versions = json(send("GET", "/api/v1/plugins/app/versions", new byte[0]));
    assertThat(versions.path("versions").valueStream().map(v -> v.path("role").stringValue()))
        .containsExactly("current", "previous");

    send("POST", "/api/v1/plugins/app/rollback", new byte[0]);
    assertThat(served()).isEqualTo("1");
    assertThat(json(send("GET", "/api/v1/plugins", new byte[0])).path("plugins").size())
        .isEqualTo(1);

    JsonNode health = json(send("GET", "/api/v1/plugins/app/health", new byte[0]));
    assertThat(health.path("healthy").booleanValue()).isTrue();
    JsonNode audit = json(send("GET", "/api/v1/plugins/app/audit?limit=2", new byte[0]));
    assertThat(audit.path("audit").valueStream().map(row -> row.path("event").stringValue()))
        .containsExactly("rollback", "update");
    assertThat(send("GET", "/api/v1/plugins/app/audit?limit=0", new byte[0]).statusCode())
        .isEqualTo(400);

    assertThat(send("DELETE", "/api/v1/plugins/app", new byte[0]).statusCode()).isEqualTo(409);
    assertThat(send("POST", "/api/v1/plugins/app/deactivate", new byte[0]).statusCode())
        .isEqualTo(200);
    // A misspelt keep_data does not delete the data.
    assertThat(send("DELETE", "/api/v1/plugins/app?keep-data=true", new byte[0]).statusCode())
        .isEqualTo(400);
    assertThat(send("DELETE", "/api/v1/plugins/app", new byte[0]).statusCode()).isEqualTo(204);
    assertThat(send("GET", "/api/v1/plugins/app", new byte[0]).statusCode()).isEqualTo(404);
  }

  @Test
  void a_rejected_bundle_gets_all_its_problems_as_a_list() throws Exception {
    byte[] wrong = version("1").field("capabilities", "[\"kv.raed\"]").limit("call_ms", 0).bytes();
    HttpResponse<String> refused = send("POST", "/api/v1/plugins", wrong);
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(json(refused).path("problems").valueStream().map(JsonNode::stringValue))
        .satisfiesExactlyInAnyOrder(
            limit -> assertThat(limit).startsWith("/limits/call_ms: found 0; allowed: from 1"),
            capability ->
                assertThat(capability)
                    .startsWith("/capabilities/0: there is no capability kv.raed")
                    .endsWith("did you mean kv.read?"));
    assertThat(json(send("GET", "/api/v1/plugins/none", new byte[0])).has("problems")).isFalse();
  }

  @Test
  void a_reference_is_refused_where_no_registry_is_allowed() throws Exception {
    String reference = "{\"reference\":\"oci://registry.example/app:1.0.0\"}";
    for (HttpResponse<String> refused :
        List.of(
            sendJson("POST", "/api/v1/plugins", reference),
            sendJson("PUT", "/api/v1/plugins", reference))) {
      assertThat(refused.statusCode()).isEqualTo(403);
      assertThat(json(refused).path("detail").stringValue())
          .startsWith(
              "this host pulls from no registry: start it with gonext serve --registry"
                  + " registry.example");
    }
    assertThat(sendJson("PUT", "/api/v1/plugins/none/bundle", reference).statusCode())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"reference\":\"app:1.0.0\"}",
        "{\"reference\":7}",
        "{\"reference\":\"oci://registry.example/app:1\",\"more\":1}",
        "{}",
        "[]",
        "{"
      })
  void a_body_that_is_not_a_reference_is_refused(String body) throws Exception {
    assertThat(sendJson("POST", "/api/v1/plugins", body).statusCode()).isEqualTo(400);
  }

  @Test
  void a_bundle_without_its_plugins_name_is_no_update() throws Exception {
    HttpResponse<String> refused = send("PUT", "/api/v1/plugins", version("1").bytes());
    assertThat(refused.statusCode()).isEqualTo(415);
    assertThat(json(refused).path("detail").stringValue()).contains("/bundle");
  }

  @Test
  void an_update_that_requests_more_waits_and_shows_the_capabilities() throws Exception {
    send("POST", "/api/v1/plugins?activate=true", version("1").bytes());
    byte[] asking = version("2").field("capabilities", "[\"kv.write\"]").bytes();
    HttpResponse<String> waiting = send("PUT", "/api/v1/plugins/app/bundle", asking);
    assertThat(waiting.statusCode()).isEqualTo(202);
    assertThat(json(waiting).path("capabilities").path(0).path("id").stringValue())
        .isEqualTo("kv.write");
    assertThat(json(waiting).path("capabilities").path(0).path("change").stringValue())
        .isEqualTo("+");
    assertThat(served()).isEqualTo("1");
    JsonNode plugin = json(send("GET", "/api/v1/plugins/app", new byte[0]));
    assertThat(plugin.path("pending").stringValue()).isEqualTo("2.0.0");
    assertThat(plugin.path("pending_capabilities")).isEqualTo(json(waiting).path("capabilities"));
    JsonNode versions = json(send("GET", "/api/v1/plugins/app/versions", new byte[0]));
    assertThat(versions.path("versions").path(1).path("capabilities"))
        .isEqualTo(json(waiting).path("capabilities"));

    assertThat(decide("approve", "{\"version\":\"9.0.0\"}")).isEqualTo(409);
    assertThat(decide("reject", "{\"sha256\":\"" + "0".repeat(64) + "\"}")).isEqualTo(409);
    assertThat(decide("approve", "{\"version\":\"2.0.0\",\"sha256\":\"\"}")).isEqualTo(400);
    assertThat(decide("approve", "[]")).isEqualTo(400);
    assertThat(decide("approve", "{\"version\":2}")).isEqualTo(400);
    assertThat(decide("approve", "no JSON")).isEqualTo(400);
    assertThat(decide("reject", "")).isEqualTo(200);
    assertThat(decide("approve", "")).isEqualTo(409);
    send("PUT", "/api/v1/plugins/app/bundle", asking);
    String sha256 = json(waiting).path("sha256").stringValue();
    assertThat(decide("approve", "{\"sha256\":\"" + sha256 + "\"}")).isEqualTo(200);
    assertThat(served()).isEqualTo("2");
    JsonNode grants = json(send("GET", "/api/v1/plugins/app/grants", new byte[0]));
    assertThat(grants.path("capabilities").path(0).path("granted").booleanValue()).isTrue();
    JsonNode revoked = json(send("DELETE", "/api/v1/plugins/app/grants/kv.write", new byte[0]));
    assertThat(revoked.path("capabilities").path(0).path("granted").booleanValue()).isFalse();
    assertThat(send("PUT", "/api/v1/plugins/app/grants/db.read", new byte[0]).statusCode())
        .isEqualTo(409);
  }

  @Test
  void an_update_that_reaches_more_waits_and_shows_what() throws Exception {
    send("POST", "/api/v1/plugins?activate=true", version("1").field("secrets", secret()).bytes());
    byte[] wider = version("2").field("secrets", secret("https://evil.example")).bytes();
    JsonNode waiting = json(send("PUT", "/api/v1/plugins/app/bundle", wider));
    assertThat(waiting.path("action").stringValue()).isEqualTo("awaiting_approval");
    assertThat(waiting.path("wider").valueStream().map(JsonNode::stringValue))
        .containsExactly("secret token may go to https://evil.example");
    assertThat(json(send("GET", "/api/v1/plugins/app", new byte[0])).path("pending_wider"))
        .isEqualTo(waiting.path("wider"));
    JsonNode versions = json(send("GET", "/api/v1/plugins/app/versions", new byte[0]));
    assertThat(versions.path("versions").path(1).path("wider")).isEqualTo(waiting.path("wider"));
    assertThat(decide("approve", "")).isEqualTo(200);
    assertThat(served()).isEqualTo("2");
  }

  private static String secret(String... hosts) {
    String list = hosts.length == 0 ? "" : "\"" + String.join("\",\"", hosts) + "\"";
    return "{\"keys\":[{\"name\":\"token\",\"hosts\":[" + list + "]}]}";
  }

  @Test
  void activation_warns_of_capabilities_that_are_not_granted() throws Exception {
    byte[] asking = version("1").field("capabilities", "[\"kv.write\"]").bytes();
    JsonNode installed = json(send("POST", "/api/v1/plugins?activate=true", asking));
    assertThat(installed.path("warnings").path(0).stringValue()).contains("not granted kv.write");
    assertThat(installed.path("warnings"))
        .isEqualTo(
            json(send("POST", "/api/v1/plugins/app/activate", new byte[0])).path("warnings"));
  }

  private int decide(String decision, String body) throws Exception {
    return send("POST", "/api/v1/plugins/app/" + decision, body.getBytes(StandardCharsets.UTF_8))
        .statusCode();
  }

  @Test
  void a_body_that_is_not_a_bundle_is_refused_with_a_problem() throws Exception {
    HttpResponse<String> refused = send("POST", "/api/v1/plugins", new byte[] {1, 2, 3});
    assertThat(refused.statusCode()).isEqualTo(422);
    assertThat(refused.headers().firstValue("content-type")).contains(Problem.CONTENT_TYPE);
    assertThat(json(refused).path("detail").stringValue()).isNotEmpty();
    byte[] other = GuestBundle.of("upper").bytes();
    send("POST", "/api/v1/plugins", version("1").bytes());
    assertThat(json(send("PUT", "/api/v1/plugins/app/bundle", other)).path("detail").stringValue())
        .isEqualTo("the bundle is of upper, not of app");
    assertThat(send("POST", "/api/v1/plugins?activate=maybe", other).statusCode()).isEqualTo(400);
  }

  @Test
  void an_update_of_an_unknown_plugin_is_404_and_leaves_no_audit_row() throws Exception {
    HttpResponse<String> refused = send("PUT", "/api/v1/plugins/app/bundle", version("1").bytes());
    assertThat(refused.statusCode()).isEqualTo(404);
    assertThat(server.host().audit().newest("app", 10)).isEmpty();
  }

  @Test
  void every_admin_call_requires_the_token() throws Exception {
    for (String authorization :
        List.of("", "Bearer wrong-token-wrong-token", "Basic " + TestServer.TOKEN)) {
      HttpRequest.Builder request = request("GET", "/api/v1/plugins", new byte[0]);
      request.setHeader("Authorization", authorization);
      HttpResponse<String> response =
          server.client().send(request.build(), BodyHandlers.ofString());
      assertThat(response.statusCode()).as(authorization).isEqualTo(401);
      assertThat(response.headers().firstValue("www-authenticate")).contains("Bearer");
    }
  }

  @Test
  void head_requires_the_token_like_get() throws Exception {
    for (String path : List.of("/api/v1/plugins", "/api/v1/plugins/app/audit")) {
      HttpRequest.Builder request = request("HEAD", path, new byte[0]);
      request.setHeader("Authorization", "");
      assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
          .isEqualTo(401);
    }
    HttpResponse<String> get = send("GET", "/api/v1/plugins", new byte[0]);
    HttpResponse<String> head = send("HEAD", "/api/v1/plugins", new byte[0]);
    assertThat(head.statusCode()).isEqualTo(200);
    assertThat(head.body()).isEmpty();
    for (String name : List.of("content-type", "content-length")) {
      assertThat(head.headers().firstValue(name)).isEqualTo(get.headers().firstValue(name));
    }
  }

  @Test
  void head_of_a_log_stream_ends_after_the_headers() throws Exception {
    send("POST", "/api/v1/plugins", version("1").bytes());
    HttpRequest.Builder head =
        request("HEAD", "/api/v1/plugins/app/logs/stream", new byte[0])
            .header("Accept", "text/event-stream");
    HttpResponse<String> response = server.client().send(head.build(), BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type").orElse(""))
        .startsWith("text/event-stream");
    assertThat(response.body()).isEmpty();
  }

  @Test
  void the_authorization_scheme_is_not_case_sensitive() throws Exception {
    for (String scheme : List.of("bearer", "BEARER", "Bearer ")) {
      HttpRequest.Builder request = request("GET", "/api/v1/plugins", new byte[0]);
      request.setHeader("Authorization", scheme + " " + TestServer.TOKEN);
      assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
          .as(scheme)
          .isEqualTo(200);
    }
  }

  @Test
  void the_admin_api_refuses_pages_of_another_origin() throws Exception {
    HttpRequest.Builder request =
        request("POST", "/api/v1/filters/h", "{\"value\":1}".getBytes(StandardCharsets.UTF_8));
    assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
    for (String origin : List.of("https://evil.example", "null", "http://127.0.0.1:1")) {
      request.setHeader("Origin", origin);
      assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
          .as(origin)
          .isEqualTo(403);
    }
    request.setHeader("Origin", "http://127.0.0.1:" + server.port());
    assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "https, '', 200",
    "https, same-origin, 200",
    "https, cross-site, 403",
    "http, same-site, 403",
    "ftp, '', 403"
  })
  void a_page_behind_a_proxy_that_speaks_https_is_an_own_one(
      String scheme, String site, int expected) throws Exception {
    HttpRequest.Builder request =
        request("POST", "/api/v1/filters/h", "{\"value\":1}".getBytes(StandardCharsets.UTF_8))
            .setHeader("Origin", scheme + "://127.0.0.1:" + server.port());
    if (!site.isEmpty()) {
      request.setHeader("Sec-Fetch-Site", site);
    }
    assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(expected);
  }

  @Test
  void forwarded_headers_make_no_origin_an_own_one() throws Exception {
    HttpRequest request =
        request("POST", "/api/v1/filters/h", "{\"value\":1}".getBytes(StandardCharsets.UTF_8))
            .setHeader("Origin", "https://evil.example")
            .setHeader("X-Forwarded-Host", "evil.example")
            .setHeader("X-Forwarded-Proto", "https")
            .setHeader("Forwarded", "host=evil.example;proto=https")
            .build();
    assertThat(server.client().send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(403);
  }

  @Test
  void a_server_on_a_public_address_does_not_start_without_a_token() {
    assertThatThrownBy(
            () -> server.startAnother(ServerConfig.loopback(0).address("0.0.0.0").build()))
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("token");
  }

  @Test
  void a_server_without_a_token_has_no_admin_api() throws Exception {
    try (HttpServer plain = server.startAnother(ServerConfig.loopback(0).build())) {
      HttpRequest list =
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + plain.port() + "/api/v1/plugins"))
              .build();
      assertThat(server.client().send(list, BodyHandlers.ofString()).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void a_server_on_a_public_address_requires_the_token_for_hooks() throws Exception {
    ServerConfig open =
        ServerConfig.loopback(0).address("0.0.0.0").token(AdminToken.of(TestServer.TOKEN)).build();
    try (HttpServer reachable = server.startAnother(open)) {
      URI uri = URI.create("http://127.0.0.1:" + reachable.port() + "/api/v1/filters/h");
      HttpRequest.Builder request =
          HttpRequest.newBuilder(uri).POST(BodyPublishers.ofString("{\"value\":1}"));
      assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
          .isEqualTo(401);
      request.header("Authorization", "Bearer " + TestServer.TOKEN);
      assertThat(server.client().send(request.build(), BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void only_the_owner_can_read_the_token_file() throws Exception {
    Path directory = Files.createDirectory(data.resolve("tokens"));
    AdminToken token = AdminToken.ofDirectory(directory);
    Path file = directory.resolve(AdminToken.FILE);
    String text = Files.readString(file).strip();
    assertThat(text).hasSize(43);
    assertThat(token.is(text)).isTrue();
    assertThat(AdminToken.ofDirectory(directory).is(text)).isTrue();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThatThrownBy(() -> AdminToken.of("short")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_log_stream_continues_after_the_last_event_id() throws Exception {
    byte[] bundle = GuestBundle.of("logs").filter("the_content").bytes();
    server.host().plugins().activate(server.host().plugins().install(bundle).manifest().name());
    server.host().applyFilters("the_content", "x");
    String path = "/api/v1/plugins/logs/logs/stream?level=error";
    assertThat(send("GET", path, new byte[0]).statusCode()).isEqualTo(406);
    String id;
    try (Stream<String> events = stream(path, "")) {
      List<String> event =
          events
              .filter(line -> line.startsWith("id:") || line.startsWith("data:"))
              .limit(2)
              .toList();
      assertThat(event).anySatisfy(line -> assertThat(line).contains("\"level\":\"error\""));
      id =
          event.stream()
              .filter(line -> line.startsWith("id:"))
              .map(line -> line.substring(3).strip())
              .findAny()
              .orElseThrow();
    }
    server.host().applyFilters("the_content", "x");
    try (Stream<String> events = stream(path, id)) {
      String next = events.filter(line -> line.startsWith("id:")).findFirst().orElseThrow();
      assertThat(Long.parseLong(next.substring(3).strip())).isGreaterThan(Long.parseLong(id));
    }
    assertThat(json(send("GET", "/api/v1/plugins/logs/logs?last=3", new byte[0])).path("lines"))
        .hasSize(3);
  }

  @Test
  void a_last_event_id_in_the_future_is_ignored() throws Exception {
    byte[] bundle = GuestBundle.of("logs").filter("the_content").bytes();
    server.host().plugins().activate(server.host().plugins().install(bundle).manifest().name());
    server.host().applyFilters("the_content", "x");

    try (Stream<String> events =
        stream("/api/v1/plugins/logs/logs/stream", Long.toString(Long.MAX_VALUE))) {
      assertThat(events.filter(line -> line.startsWith("id:")).findFirst()).isPresent();
    }
  }

  private Stream<String> stream(String path, String lastEventId) throws Exception {
    HttpRequest.Builder request =
        request("GET", path, new byte[0]).header("Accept", "text/event-stream");
    if (!lastEventId.isEmpty()) {
      request.header("Last-Event-ID", lastEventId);
    }
    HttpResponse<Stream<String>> response =
        server.client().send(request.build(), BodyHandlers.ofLines());
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  @Test
  void metrics_of_guests_are_scraped_and_shown_whatever_other_plugins_declare() throws Exception {
    install("shop", "{\"name\":\"orders\",\"kind\":\"counter\"}");
    install("store", "{\"name\":\"orders\",\"kind\":\"summary\"}");
    for (String plugin : List.of("shop", "store")) {
      server.host().applyFilters("orders.one." + plugin, NullNode.getInstance());
    }
    HttpResponse<String> scraped = send("GET", "/metrics", new byte[0]);
    assertThat(scraped.statusCode()).isEqualTo(200);
    assertThat(scraped.body().lines().filter(line -> line.startsWith("gonext_guest_")))
        .containsExactly("gonext_guest_orders_total{plugin=\"shop\"} 1.0");
    assertThat(json(send("GET", "/api/v1/plugins/store", new byte[0])).path("metrics").toString())
        .isEqualTo("[{\"name\":\"orders\",\"kind\":\"summary\",\"labels\":[]}]");
  }

  private void install(String plugin, String metric) throws Exception {
    byte[] bundle =
        GuestBundle.of(plugin, Guests.wasm("observes"))
            .filter("orders.one." + plugin)
            .field("capabilities", "[\"metrics.observe\"]")
            .field("metrics", "[" + metric + "]")
            .bytes();
    assertThat(send("POST", "/api/v1/plugins?grant=true&activate=true", bundle).statusCode())
        .isEqualTo(201);
  }

  @Test
  void the_host_says_its_version_and_what_a_plugin_depends_on() throws Exception {
    assertThat(json(send("GET", "/api/v1/host", new byte[0])).toString())
        .isEqualTo("{\"version\":\"" + Host.version() + "\",\"trust_mode\":\"off\"}");
    byte[] bundle =
        version("1").field("depends", "[{\"name\":\"post-index\",\"version\":\"^1.4\"}]").bytes();
    send("POST", "/api/v1/plugins", bundle);
    assertThat(json(send("GET", "/api/v1/plugins/app", new byte[0])).path("depends").toString())
        .isEqualTo("[{\"name\":\"post-index\",\"version\":\"^1.4\"}]");
  }

  @Test
  void the_openapi_document_describes_exactly_the_endpoints() throws Exception {
    JsonNode document = json(send("GET", "/api/v1/openapi.json", new byte[0]));
    List<String> described = new ArrayList<>();
    for (Map.Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Map.Entry<String, JsonNode> operation : path.getValue().properties()) {
        if (!operation.getKey().equals("parameters")) {
          described.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
          assertThat(operation.getValue().path("responses").propertyNames())
              .as(described.getLast())
              .contains("400", "401", "403", "414", "415", "417", "431", "503");
          if (operation.getValue().has("requestBody")) {
            assertThat(operation.getValue().path("responses").propertyNames())
                .as(described.getLast())
                .contains("408", "413");
          }
        }
      }
    }
    List<String> there =
        new ArrayList<>(List.of("POST /api/v1/filters/{hook}", "POST /api/v1/actions/{hook}"));
    endpoints(server.host())
        .forEach(endpoint -> there.add(endpoint.method() + " " + endpoint.path()));
    assertThat(described).containsExactlyInAnyOrderElementsOf(there);
    String text = document.toString();
    document
        .findValues("$ref")
        .forEach(reference ->
            assertThat(document.at(reference.stringValue().substring(1)).isMissingNode())
                .as(reference.stringValue())
                .isFalse());
    assertThat(text).contains("\"openapi\":\"3.1.0\"");
  }

  private static GuestBundle version(String number) {
    return GuestBundle.of("app", Guests.wasm("version-" + number))
        .version(number + ".0.0")
        .route("GET", "/");
  }

  private String served() throws Exception {
    HttpRequest.Builder request = request("GET", "/api/plugins/app/", new byte[0]);
    return server.client().send(request.build(), BodyHandlers.ofString()).body();
  }

  private HttpResponse<String> send(String method, String path, byte[] body) throws Exception {
    return server.client().send(request(method, path, body).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> sendJson(String method, String path, String body) throws Exception {
    return server
        .client()
        .send(
            request(method, path, body.getBytes(StandardCharsets.UTF_8))
                .header("Content-Type", "application/json")
                .build(),
            BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String method, String path, byte[] body) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
        .header("Authorization", "Bearer " + TestServer.TOKEN)
        .method(method, BodyPublishers.ofByteArray(body));
  }

  /** All endpoints of the operator's API. */
  static List<AdminApi.Endpoint> endpoints(Host host) {
    return new AdminApi(
            host,
            new Access(true, "127.0.0.1", Map.of(), Map.of()),
            () -> false,
            new OperationsApi(
                host, Optional.empty(), new DiagnosticsApi(ServerConfig.loopback(0).build())))
        .endpoints();
  }
}
