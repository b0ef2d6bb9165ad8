package io.gonext.server;

import static io.gonext.server.TestServer.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.AddressRange;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.OperatorLimits;
import io.gonext.host.RouteRate;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Routes of plugins over a real socket: every status, and slow clients. */
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("PluginRoutesTest") // its tests run one after another
class PluginRoutesTest {
  private static final Duration PATIENCE = Duration.ofMillis(600);

  /** Generous limits: calls are slow on a busy machine. */
  private static final OperatorLimits PATIENT =
      new OperatorLimits(
          64, Duration.ofSeconds(20), Duration.ofSeconds(30), Duration.ofSeconds(20), 8);

  private static final BreakerPolicy SLOW_TO_CLOSE =
      BreakerPolicy.DEFAULT.withOpen(Duration.ofSeconds(40), Duration.ofSeconds(60));

  @RegisterExtension
  private final TestServer server = TestServer.of(config -> config.limits(PATIENT));

  @Test
  void a_plugin_over_its_rate_answers_429_with_retry_after() throws Exception {
    server.restartHost(config -> config.routeRate(new RouteRate(2, 1)));
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    server.activate(GuestBundle.of("route-echo").route("GET", "/x"));
    assertThat(server.get("/api/plugins/route/x").statusCode()).isEqualTo(200);
    assertThat(server.get("/api/plugins/route/x").statusCode()).isEqualTo(200);
    double checkouts = checkouts("route");
    HttpResponse<String> refused = server.get("/api/plugins/route/x");
    assertProblem(refused, 429);
    assertThat(refused.headers().firstValue("retry-after")).contains("1");
    assertThat(checkouts("route")).isEqualTo(checkouts);
    // A request that no route serves does not count, and another plugin has its own rate.
    assertProblem(server.get("/api/plugins/route/y"), 404);
    assertThat(server.get("/api/plugins/route-echo/x").statusCode()).isEqualTo(200);
    await().until(() -> server.get("/api/plugins/route/x").statusCode() == 200);
  }

  @Test
  void each_client_behind_a_trusted_proxy_has_its_own_rate() throws Exception {
    server.restart(
        config -> config.clientRate(new RouteRate(1, 1)),
        settings -> settings.trustedProxies(List.of(AddressRange.of("127.0.0.0/8"))));
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    assertThat(getFor("192.0.2.1").statusCode()).isEqualTo(200);
    HttpResponse<String> refused = getFor("192.0.2.1");
    assertProblem(refused, 429);
    assertThat(refused.headers().firstValue("retry-after")).contains("1");
    assertThat(getFor("192.0.2.2").statusCode()).isEqualTo(200);
    assertThat(server.get("/metrics").body())
        .contains("gonext_plugin_rate_limited_total{limit=\"client\",plugin=\"route\"} 1.0");
  }

  private HttpResponse<String> getFor(String client) throws IOException, InterruptedException {
    return server.send(
        HttpRequest.newBuilder(server.uri("/api/plugins/route/x"))
            .header("Forwarded", "for=" + client));
  }

  @Test
  void an_unlimited_rate_refuses_no_request() throws Exception {
    server.restartHost(config -> config.routeRate(RouteRate.UNLIMITED));
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    for (int i = 0; i < 200; i++) {
      assertThat(server.get("/api/plugins/route/x").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void request_and_response_bodies_pass_byte_for_byte() throws Exception {
    server.activate(GuestBundle.of("route-echo").route("POST", "/x"));
    byte[] sent = new byte[300_000];
    new Random(5).nextBytes(sent);
    HttpResponse<byte[]> response =
        server
            .client()
            .send(
                HttpRequest.newBuilder(server.uri("/api/plugins/route-echo/x"))
                    .POST(HttpRequest.BodyPublishers.ofByteArray(sent))
                    .build(),
                BodyHandlers.ofByteArray());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(sent);
  }

  @Test
  void a_body_of_1_mib_reaches_the_plugin_and_one_byte_more_does_not() throws Exception {
    server.activate(GuestBundle.of("route").route("POST", "/x"));
    HttpRequest.Builder request = HttpRequest.newBuilder(server.uri("/api/plugins/route/x"));
    byte[] most = new byte[RequestBody.MAX_BYTES];
    assertThat(server.send(request.POST(HttpRequest.BodyPublishers.ofByteArray(most))).statusCode())
        .isEqualTo(200);
    byte[] more = new byte[RequestBody.MAX_BYTES + 1];
    // With Expect the client waits for the refusal. Otherwise it may be cut off before it reads the
    // answer.
    assertProblem(
        server.send(
            request.expectContinue(true).POST(HttpRequest.BodyPublishers.ofByteArray(more))),
        413);
  }

  /** The plugin's only instance is held in a call of the host until the test releases it. */
  @Tag("slow")
  @Test
  void a_saturated_plugin_answers_503_until_an_instance_is_free() throws Exception {
    server.activate(
        GuestBundle.of("route-logs")
            .route("GET", "/x")
            .limit("instances_max", 1)
            .limit("call_ms", 2_000));
    CountDownLatch held = new CountDownLatch(1);
    CompletableFuture<Void> released = new CompletableFuture<>();
    server
        .host()
        .logs()
        .listen(
            "route-logs",
            (level, line) -> {
              held.countDown();
              released.join();
            });
    CompletableFuture<HttpResponse<String>> first =
        server
            .client()
            .sendAsync(
                HttpRequest.newBuilder(server.uri("/api/plugins/route-logs/x")).build(),
                BodyHandlers.ofString());
    try {
      assertThat(held.await(20, TimeUnit.SECONDS)).isTrue();
      HttpResponse<String> second = server.get("/api/plugins/route-logs/x");
      assertProblem(second, 503);
      assertThat(second.headers().firstValue("retry-after")).contains("1");
    } finally {
      released.complete(null);
    }
    first.join();
    assertThat(server.get("/api/plugins/route-logs/x").statusCode()).isEqualTo(204);
  }

  @Test
  void an_open_breaker_answers_503_and_the_node_stays_ready() throws Exception {
    server.restartHost(config -> config.breaker(SLOW_TO_CLOSE));
    server.activate(GuestBundle.of("trap").route("GET", "/x"));
    for (int i = 0; i < 20; i++) {
      assertProblem(server.get("/api/plugins/trap/x"), 502);
    }
    HttpResponse<String> refused = server.get("/api/plugins/trap/x");
    assertProblem(refused, 503);
    assertThat(Integer.parseInt(refused.headers().firstValue("retry-after").orElseThrow()))
        .isBetween(10, 40);
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    HttpResponse<String> ready = server.get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(ready.body())
        .isEqualTo(
            "{\"status\":\"ready\",\"degraded\":"
                + "{\"trap\":\"GET /x: circuit breaker open, last failure UNREACHABLE\"}}");
  }

  @Test
  void an_open_breaker_sends_retry_after_for_a_fail_closed_hook_too() throws Exception {
    server.restartHost(config -> config.breaker(SLOW_TO_CLOSE));
    server.activate(GuestBundle.of("trap").filter("h"));
    String call = "{\"value\":1,\"fail_closed\":true}";
    for (int i = 0; i < 20; i++) {
      assertProblem(server.post("/api/v1/filters/h", call), 502);
    }
    HttpResponse<String> refused = server.post("/api/v1/filters/h", call);
    assertProblem(refused, 503);
    assertThat(refused.headers().firstValue("x-gonext-degraded"))
        .contains("trap;code=BREAKER_OPEN");
    assertThat(Integer.parseInt(refused.headers().firstValue("retry-after").orElseThrow()))
        .isBetween(10, 40);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Set-Cookie",
        "Authorization",
        "X-Forwarded-For",
        "x-forwarded-host",
        "Strict-Transport-Security",
        "Content-Security-Policy",
        "Connection",
        "Keep-Alive",
        "Proxy-Connection",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Content-Length"
      })
  void a_response_header_that_a_plugin_may_not_set_is_dropped(String name) throws Exception {
    activateSaying(
        "{\"status\":200,\"headers\":{\""
            + name
            + "\":\"evil\",\"X-Own\":\"1\"},\"body\":\"aGk=\"}");
    HttpResponse<String> response = server.get("/api/plugins/says/x");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().allValues(name)).doesNotContain("evil");
    assertThat(response.headers().firstValue("x-own")).contains("1");
    assertThat(response.body()).isEqualTo("hi");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"X\":\"a\\r\\nSet-Cookie: b\"",
        "\"X\":\"a\\nb\"",
        "\"X\":\"a\\rb\"",
        "\"X\":\"a\\u0000b\"",
        "\"X Y\":\"a\"",
        "\"X\\r\\nSet-Cookie\":\"a\"",
        "\"X:\":\"a\"",
        "\"\":\"a\"",
        "\"\u00e9\":\"a\""
      })
  void an_invalid_response_header_is_a_bad_gateway(String header) throws Exception {
    activateSaying("{\"status\":200,\"headers\":{" + header + "}}");
    HttpResponse<String> response = server.get("/api/plugins/says/x");
    assertProblem(response, 502);
    assertThat(response.headers().firstValue("set-cookie")).isEmpty();
    // The connection still works for the next request.
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(
            server
                .metrics()
                .get("gonext.plugin.pool.recycle")
                .tags("plugin", "says", "reason", "trap")
                .functionCounter()
                .count())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 205, 304})
  void a_status_without_a_body_drops_the_body_of_the_plugin(int status) throws Exception {
    activateSaying("{\"status\":" + status + ",\"body\":\"aGk=\"}");
    for (int i = 0; i < 2; i++) {
      HttpResponse<String> response = server.get("/api/plugins/says/x");
      assertThat(response.statusCode()).isEqualTo(status);
      assertThat(response.body()).isEmpty();
    }
    assertThat(rawGet("/api/plugins/says/x")).doesNotContain("hi");
  }

  @ParameterizedTest
  @CsvSource({
    "204, aGk=, ",
    "205, '', ",
    "304, aGk=, ",
    "303, '', ",
    "200, '', ",
    "200, aGk=, application/octet-stream",
  })
  void an_answer_has_a_content_type_only_with_a_body(int status, String body, String type)
      throws Exception {
    activateSaying("{\"status\":" + status + ",\"body\":\"" + body + "\"}");
    HttpResponse<String> response = server.get("/api/plugins/says/x");
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("content-type").orElse(null)).isEqualTo(type);
  }

  @Test
  void an_answer_without_a_body_keeps_the_content_type_of_the_plugin() throws Exception {
    activateSaying("{\"status\":304,\"headers\":{\"Content-Type\":\"text/html\"}}");
    assertThat(server.get("/api/plugins/says/x").headers().firstValue("content-type"))
        .contains("text/html");
  }

  @Tag("slow")
  @Test
  void response_headers_beyond_the_limits_are_a_bad_gateway() throws Exception {
    StringBuilder many = new StringBuilder("\"H0\":\"\"");
    for (int i = 1; i < 40_000; i++) {
      many.append(",\"H").append(i).append("\":\"\"");
    }
    for (String headers : List.of(many.toString(), "\"H\":\"" + "x".repeat(20_000) + "\"")) {
      activateSaying("{\"status\":200,\"headers\":{" + headers + "}}");
      HttpResponse<String> response = server.get("/api/plugins/says/x");
      assertProblem(response, 502);
      assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
      assertThat(
              server
                  .metrics()
                  .get("gonext.plugin.hook")
                  .tags("plugin", "says", "outcome", "BAD_ANSWER")
                  .timer()
                  .count())
          .isEqualTo(1);
      server.host().plugins().deactivate("says");
      server.host().plugins().uninstall("says");
    }
  }

  @Test
  void response_headers_at_the_limits_reach_the_client() throws Exception {
    StringBuilder headers = new StringBuilder();
    for (int i = 0; i < RouteHeaders.MAX_HEADERS; i++) {
      headers.append(i == 0 ? "" : ",").append("\"x-").append(i).append("\":\"");
      headers.append("x".repeat(116)).append('"');
    }
    activateSaying("{\"status\":200,\"headers\":{" + headers + "},\"body\":\"aGk=\"}");
    HttpResponse<String> response = server.get("/api/plugins/says/x");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().map()).hasSizeGreaterThan(RouteHeaders.MAX_HEADERS);
    assertThat(response.body()).isEqualTo("hi");
  }

  @Test
  void of_two_spellings_of_a_response_header_the_last_counts() throws Exception {
    activateSaying(
        "{\"status\":200,\"headers\":{\"Content-Type\":\"text/a\",\"X-A\":\"1\","
            + "\"content-type\":\"text/b\",\"x-a\":\"2\"}}");
    HttpResponse<String> response = server.get("/api/plugins/says/x");
    assertThat(response.headers().allValues("content-type")).containsExactly("text/b");
    assertThat(response.headers().allValues("x-a")).containsExactly("2");
  }

  @Test
  void a_dropped_response_header_is_a_warning_in_the_plugin_log() throws Exception {
    activateSaying("{\"status\":200,\"headers\":{\"Set-Cookie\":\"a=b\",\"Alt-Svc\":\"h3\"}}");
    List<String> lines = new CopyOnWriteArrayList<>();
    server.host().logs().listen("says", (level, line) -> lines.add(level + " " + line));
    for (int i = 0; i < 3; i++) {
      assertThat(server.get("/api/plugins/says/x").headers().map())
          .doesNotContainKeys("set-cookie", "alt-svc");
    }
    assertThat(lines)
        .containsExactly(
            "WARN the host dropped the response header Set-Cookie: only the host sets it",
            "WARN the host dropped the response header Alt-Svc: the manifest does not name it in"
                + " http.response_headers");
  }

  @Test
  void a_site_wide_response_header_needs_a_grant() throws Exception {
    byte[] answer =
        "{\"value\":{\"status\":200,\"headers\":{\"Clear-Site-Data\":\"*\"}}}"
            .getBytes(StandardCharsets.UTF_8);
    server.activate(
        GuestBundle.of("says", Guests.saying(answer))
            .field(
                "http",
                "{\"serve\":[{\"method\":\"GET\",\"path\":\"/x\"}],"
                    + "\"response_headers\":[\"clear-site-data\"]}"));
    assertThat(server.get("/api/plugins/says/x").headers().map())
        .doesNotContainKey("clear-site-data");
    server.host().plugins().grant("says", "http.response_headers");
    assertThat(server.get("/api/plugins/says/x").headers().firstValue("clear-site-data"))
        .contains("*");
    server.host().plugins().revoke("says", "http.response_headers");
    assertThat(server.get("/api/plugins/says/x").headers().map())
        .doesNotContainKey("clear-site-data");
  }

  @Test
  void repeated_request_headers_reach_the_plugin_joined() throws Exception {
    server.activate(
        GuestBundle.of("route-logs")
            .field(
                "http",
                "{\"serve\":[{\"method\":\"GET\",\"path\":\"/x\"}],\"request_headers\":"
                    + "[\"Accept\",\"x-acme-*\",\"Cookie\",\"X-Hop\"]}"));
    server.host().plugins().grant("route-logs", "http.credentials");
    List<String> given = new CopyOnWriteArrayList<>();
    server.host().logs().listen("route-logs", (level, line) -> given.add(line));
    assertThat(
            raw(
                String.join(
                    "\r\n",
                    "GET /api/plugins/route-logs/x HTTP/1.1",
                    "Host: x",
                    "Accept: a",
                    "ACCEPT: b",
                    "X-Acme-A: 1",
                    "x-acme-a: 2",
                    "Cookie: a=1",
                    "Cookie: b=2",
                    "X-Hop: 1",
                    "Connection: close, x-hop",
                    "",
                    "")))
        .startsWith("HTTP/1.1 204 ");
    assertThat(given).hasSize(1);
    assertThat(
            StrictJson.parse(given.getFirst().getBytes(StandardCharsets.UTF_8))
                .get("value")
                .get("headers"))
        .isEqualTo(
            StrictJson.valueOf(Map.of("Accept", "a, b", "x-acme-a", "1, 2", "Cookie", "a=1; b=2")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"Authorization", "content-type", "Origin", "User-Agent"})
  void repeating_a_request_header_of_one_value_is_a_bad_request(String name) throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    assertThat(
            raw(
                "GET /api/plugins/route/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                    + (name + ": a\r\n").repeat(2)
                    + "\r\n"))
        .startsWith("HTTP/1.1 400 ")
        .contains("may be sent only once");
  }

  @Test
  void head_runs_the_get_handler_and_sends_its_content_length() throws Exception {
    server.activate(GuestBundle.of("route-logs").route("GET", "/x").route("HEAD", "/own"));
    List<String> given = new CopyOnWriteArrayList<>();
    server.host().logs().listen("route-logs", (level, line) -> given.add(line));
    for (String path : List.of("/x", "/own")) {
      raw(
          "HEAD /api/plugins/route-logs"
              + path
              + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    }
    assertThat(given).hasSize(2);
    assertThat(given.getFirst()).contains("\"method\":\"GET\"");
    assertThat(given.getLast()).contains("\"method\":\"HEAD\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/healthz",
        "/readyz",
        "/schemas/plugin-manifest-v1.json",
        "/nothing",
        "/api/v1/filters/h",
        "/api/plugins/route/x",
        "/api/plugins/route/none"
      })
  void head_of_an_api_is_get_without_the_body(String path) throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    String get = rawGet(path);
    String head = raw("HEAD " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    String headers = get.substring(0, get.indexOf("\r\n\r\n") + 4);
    assertThat(get).hasSizeGreaterThan(headers.length());
    assertThat(withoutDate(head)).isEqualTo(withoutDate(headers));
  }

  private static String withoutDate(String headers) {
    return headers.replaceFirst("Date: .*\r\n", "");
  }

  /** Reads all bytes until the server closes the connection. */
  private String rawGet(String path) throws IOException {
    return raw("GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  private String raw(String request) throws IOException {
    try (Socket socket = server.connect()) {
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    }
  }

  /** Activates a plugin {@code says} whose route {@code /x} answers with this response. */
  private void activateSaying(String response) throws InterruptedException {
    byte[] answer = ("{\"value\":" + response + "}").getBytes(StandardCharsets.UTF_8);
    server.activate(GuestBundle.of("says", Guests.saying(answer)).route("GET", "/x"));
  }

  @Test
  void a_route_exists_only_while_its_plugin_is_active() throws Exception {
    server.host().plugins().install(GuestBundle.of("route").route("GET", "/x").bytes());
    assertProblem(server.get("/api/plugins/route/x"), 404);
    server.host().plugins().activate("route");
    assertThat(server.get("/api/plugins/route/x").statusCode()).isEqualTo(200);
    server.host().plugins().deactivate("route");
    assertProblem(server.get("/api/plugins/route/x"), 404);
    server.host().plugins().activate("route");
    assertThat(server.get("/api/plugins/route/x").statusCode()).isEqualTo(200);
  }

  @Test
  void a_failed_closed_hook_has_the_same_answer_as_a_failed_route() throws Exception {
    server.activate(GuestBundle.of("trap").filter("trapped"));
    server.activate(GuestBundle.of("loop").filter("looped"));
    HttpResponse<String> trapped =
        server.post("/api/v1/filters/trapped", "{\"value\":1,\"fail_closed\":true}");
    assertProblem(trapped, 502);
    assertThat(trapped.headers().firstValue("x-gonext-degraded")).contains("trap;code=UNREACHABLE");
    assertProblem(
        server.post(
            "/api/v1/filters/looped", "{\"value\":1,\"fail_closed\":true,\"deadline_ms\":50}"),
        504);
  }

  @Test
  void a_batch_filters_many_values_in_one_request() throws Exception {
    server.activate(GuestBundle.of("upper").filter("shout"));
    assertThat(server.post("/api/v1/filters/shout", "{\"values\":[\"a\",\"b\",{}]}").body())
        .isEqualTo("{\"values\":[\"A\",\"B\",{}]}");
    assertProblem(server.post("/api/v1/filters/shout", "{\"values\":[],\"value\":1}"), 400);
    assertProblem(server.post("/api/v1/filters/shout", "{\"values\":{}}"), 400);
    String most = "0,".repeat(RequestBody.MAX_VALUES - 1) + "0";
    assertThat(server.post("/api/v1/filters/shout", "{\"values\":[" + most + "]}").statusCode())
        .isEqualTo(200);
    assertProblem(server.post("/api/v1/filters/shout", "{\"values\":[" + most + ",0]}"), 400);
    for (String deadline : List.of("0", "-1", "0.5", "1e10", "1e999999999", "\"1\"", "null")) {
      assertProblem(
          server.post("/api/v1/filters/shout", "{\"value\":1,\"deadline_ms\":" + deadline + "}"),
          400);
    }
    for (String deadline : List.of("2000", "2000.0", "2e3")) {
      assertThat(
              server
                  .post("/api/v1/filters/shout", "{\"value\":1,\"deadline_ms\":" + deadline + "}")
                  .statusCode())
          .isEqualTo(200);
    }
    assertProblem(server.post("/api/v1/filters/shout", "{\"value\":1,\"fail_closed\":1}"), 400);
  }

  @Tag("slow")
  @Test
  @Timeout(20)
  void a_slow_body_is_refused_after_the_request_timeout() throws Exception {
    server.restartServer(config -> config.requestTimeout(PATIENCE));
    server.activate(GuestBundle.of("route").route("POST", "/x"));
    String answer =
        trickle(
            "POST /api/plugins/route/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x");
    assertThat(answer).startsWith("HTTP/1.1 408 ").contains("application/problem+json");
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
  }

  @Tag("slow")
  @ParameterizedTest
  @ValueSource(strings = {"1;x=", "1\r\nx\r\n1;x=", "1\r\nx\r\n0\r\nX: ", "0;"})
  @Timeout(20)
  void slow_chunk_extensions_and_trailers_end_after_the_request_timeout(String beginning)
      throws Exception {
    server.restartServer(config -> config.requestTimeout(PATIENCE));
    for (String path : List.of("/api/plugins/nobody/x", "/api/v1/filters/h")) {
      String answer =
          trickle(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                  + beginning,
              "x");
      assertThat(answer).startsWith("HTTP/1.1 408 ").contains("application/problem+json");
    }
  }

  @Tag("slow")
  @Test
  @Timeout(20)
  void a_silent_body_is_refused_after_the_idle_timeout() throws Exception {
    server.restartServer(config -> config.idleTimeout(PATIENCE));
    server.activate(GuestBundle.of("route").route("POST", "/x"));
    assertThat(
            trickle(
                "POST /api/plugins/route/x HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
                ""))
        .startsWith("HTTP/1.1 408 ");
  }

  @Tag("slow")
  @Test
  @Timeout(20)
  void slow_headers_close_the_connection_after_the_request_timeout() throws Exception {
    server.restartServer(config -> config.requestTimeout(PATIENCE));
    assertThat(trickle("GET /healthz HTTP/1.1\r\nX: ", "x")).isEmpty();
    assertThat(trickle("", "")).isEmpty();
    // After an answer, a connection has the same time for its next request.
    String answered = trickle("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /", "x");
    assertThat(answered).startsWith("HTTP/1.1 200 ").contains("{\"status\":\"up\"}");
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
  }

  @Tag("slow")
  @Test
  void a_slow_handler_does_not_count_as_a_slow_client() throws Exception {
    server.restartServer(config -> config.requestTimeout(PATIENCE));
    server.activate(GuestBundle.of("loop").route("GET", "/x").limit("call_ms", 1_500));
    assertProblem(server.get("/api/plugins/loop/x"), 504);
  }

  private double checkouts(String plugin) {
    return server
        .metrics()
        .get("gonext.plugin.pool.checkout")
        .tag("plugin", plugin)
        .functionCounter()
        .count();
  }

  /** Sends a beginning, then a piece every 50 ms. Returns all bytes until the server closes. */
  private String trickle(String beginning, String piece) throws IOException {
    try (Socket socket = server.connect()) {
      socket.setSoTimeout(50);
      socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
      StringBuilder answer = new StringBuilder();
      byte[] chunk = new byte[4096];
      while (true) {
        try {
          int read = socket.getInputStream().read(chunk);
          if (read < 0) {
            return answer.toString();
          }
          answer.append(new String(chunk, 0, read, StandardCharsets.UTF_8));
        } catch (SocketTimeoutException e) {
          socket.getOutputStream().write(piece.getBytes(StandardCharsets.US_ASCII));
        }
      }
    } catch (IOException e) {
      // The server reset the connection while a piece was on its way.
      return "";
    }
  }
}
