package io.gonext.server;

import static io.gonext.server.TestServer.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.route.RouteHeaders;
import io.gonext.host.json.SchemaStandard;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.PublishedFormat;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Hooks, routes, health and the life of the server, over a real socket. */
@Execution(ExecutionMode.CONCURRENT)
class HttpServerTest {
  @RegisterExtension private final TestServer server = TestServer.withDefaults();

  @Test
  void a_filter_is_applied_to_the_value_of_the_body() throws Exception {
    server.activate(GuestBundle.of("upper").filter("shout"));
    HttpResponse<String> response =
        server.post("/api/v1/filters/shout", "{\"value\":\"a\",\"args\":[1]}");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).contains("application/json");
    assertThat(response.body()).isEqualTo("{\"value\":\"A\"}");
    assertThat(response.headers().firstValue("x-gonext-degraded")).isEmpty();
  }

  @Test
  void a_filter_without_handlers_returns_the_value() throws Exception {
    assertThat(server.post("/api/v1/filters/nothing", "{\"value\":{\"a\":1.50}}").body())
        .isEqualTo("{\"value\":{\"a\":1.50}}");
  }

  @Test
  void the_manifest_schema_is_published() throws Exception {
    HttpResponse<String> response =
        server
            .client()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            "http://127.0.0.1:"
                                + server.port()
                                + "/schemas/plugin-manifest-v1.json"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).contains("application/schema+json");
    JsonNode schema = StrictJson.parse(response.body().getBytes(StandardCharsets.UTF_8));
    assertThat(schema.get("$schema").asString())
        .isEqualTo("https://json-schema.org/draft/2020-12/schema");
    assertThat(schema.get("properties").propertyNames())
        .contains(
            "apiVersion",
            "name",
            "version",
            "entry",
            "capabilities",
            "hooks",
            "http",
            "storage",
            "secrets",
            "jobs",
            "limits",
            "requires",
            "depends",
            "signature");
  }

  @Test
  void the_schemas_of_lock_files_and_indexes_are_published() throws Exception {
    for (PublishedFormat format : PublishedFormat.values()) {
      URI uri = URI.create("http://127.0.0.1:" + server.port() + "/schemas/" + format.file());
      HttpResponse<String> response =
          server
              .client()
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).isEqualTo(200);
      JsonNode schema = StrictJson.parse(response.body().getBytes(StandardCharsets.UTF_8));
      assertThat(SchemaStandard.problems(schema)).isEmpty();
      assertThat(schema.path("additionalProperties").asBoolean(true)).isFalse();
    }
  }

  @Test
  void an_action_answers_with_the_number_of_handlers() throws Exception {
    server.activate(GuestBundle.of("logs").action("saved"));
    assertThat(server.post("/api/v1/actions/saved", "{\"args\":[]}").body())
        .isEqualTo("{\"handlers\":1}");
    assertThat(server.post("/api/v1/actions/saved", "{}").body()).isEqualTo("{\"handlers\":1}");
  }

  @Test
  void a_trap_in_a_filter_degrades_the_answer_and_is_counted() throws Exception {
    server.activate(GuestBundle.of("trap").filter("h"));
    HttpResponse<String> response = server.post("/api/v1/filters/h", "{\"value\":1}");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("{\"value\":1}");
    assertThat(response.headers().firstValue("X-Gonext-Degraded"))
        .contains("trap;code=UNREACHABLE");
    assertThat(server.get("/metrics").body())
        .containsPattern(
            "gonext_plugin_hook_seconds_count\\{hook=\"h\",outcome=\"UNREACHABLE\",plugin=\"trap\"\\}"
                + " 1\\b")
        .containsPattern(
            "gonext_plugin_pool_recycle_total\\{plugin=\"trap\",reason=\"trap\"\\} 1\\.0");
  }

  @Test
  void the_degraded_header_names_64_plugins_and_counts_the_rest() {
    String name = "n".repeat(41);
    List<Degradation> failed =
        Collections.nCopies(1_000, new Degradation(name, HookOutcome.STORE_UNAVAILABLE, "why"));

    assertThat(HookApi.degraded(failed))
        .startsWith(name + ";code=STORE_UNAVAILABLE, " + name)
        .endsWith(", *;more=936")
        .hasSizeLessThan(RouteHeaders.MAX_HEADER_BYTES);
    assertThat(HookApi.degraded(failed.subList(0, 64))).endsWith(name + ";code=STORE_UNAVAILABLE");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "not json",
        "[]",
        "{}",
        "{\"value\":1,\"value\":2}",
        "{\"value\":1,\"args\":{}}",
        "{\"value\":1,\"more\":2}",
        "{\"value\":\"\u0000\"}"
      })
  void a_body_that_is_not_a_hook_call_is_a_bad_request(String body) throws Exception {
    HttpResponse<String> response = server.post("/api/v1/filters/h", body);
    assertProblem(response, 400);
  }

  @Test
  void an_invalid_hook_name_is_a_bad_request() throws Exception {
    assertProblem(server.post("/api/v1/filters/The-Content", "{\"value\":1}"), 400);
  }

  @Test
  void a_body_beyond_the_limit_is_refused_with_and_without_content_length() throws Exception {
    byte[] large = new byte[RequestBody.MAX_BYTES + 1];
    HttpRequest.Builder request = HttpRequest.newBuilder(server.uri("/api/v1/filters/h"));
    // With Expect the client waits for the refusal. Otherwise it may be cut off before it reads the
    // answer.
    assertProblem(
        server.send(
            request
                .copy()
                .expectContinue(true)
                .POST(HttpRequest.BodyPublishers.ofByteArray(large))),
        413);
    assertProblem(
        server.send(
            request.POST(
                HttpRequest.BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(large)))),
        413);
  }

  @Test
  void a_route_answers_with_the_response_of_its_plugin() throws Exception {
    server.activate(
        GuestBundle.of("route").route("GET", "/hello/{name}").route("POST", "/hello/{name}"));
    HttpResponse<String> response = server.get("/api/plugins/route/hello/a%20b?x=1");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("content-type")).contains("text/plain");
    assertThat(response.headers().firstValue("x-content-type-options")).contains("nosniff");
    assertThat(response.body()).isEqualTo("Hello from the guest\n");
    assertThat(server.post("/api/plugins/route/hello/x", "body").statusCode()).isEqualTo(200);
    assertThat(server.get("/api/plugins/route/hello/a%2Fb").statusCode()).isEqualTo(200);
  }

  @Test
  void a_request_reaches_the_plugin_as_the_abi_says() throws Exception {
    server.activate(GuestBundle.of("route-logs").route("POST", "/x/{id}"));
    List<String> given = new ArrayList<>();
    server.host().logs().listen("route-logs", (level, line) -> given.add(line));
    HttpResponse<String> response =
        server.send(
            HttpRequest.newBuilder(server.uri("/api/plugins/route-logs/x/a%2Fb?q=%20+&q"))
                .headers("User-Agent", "test", "Accept", "text/html", "Accept-Language", "de")
                .headers("Content-Type", "text/plain", "Authorization", "Bearer x")
                .headers("Cookie", "secret=1", "X-Forwarded-For", "1.2.3.4", "X-Own", "1")
                .POST(HttpRequest.BodyPublishers.ofString("hi")));
    assertThat(response.statusCode()).isEqualTo(204);
    assertThat(given).hasSize(1);
    JsonNode payload = StrictJson.parse(given.getFirst().getBytes(StandardCharsets.UTF_8));
    assertThat(payload.get("kind").stringValue()).isEqualTo("filter");
    assertThat(payload.get("args").size()).isZero();
    JsonNode request = payload.get("value");
    assertThat(request.propertyNames())
        .containsExactlyInAnyOrder(
            "method", "route", "path", "query", "headers", "path_params", "body");
    assertThat(request.get("method").stringValue()).isEqualTo("POST");
    assertThat(request.get("route").stringValue()).isEqualTo("/x/{id}");
    assertThat(request.get("path").stringValue()).isEqualTo("/x/a%2Fb");
    assertThat(request.get("query").stringValue()).isEqualTo("q=%20+&q");
    assertThat(request.get("headers"))
        .isEqualTo(
            StrictJson.valueOf(
                Map.of(
                    "User-Agent", "test",
                    "Accept", "text/html",
                    "Accept-Language", "de",
                    "Content-Type", "text/plain",
                    "Authorization", "Bearer x")));
    assertThat(request.get("path_params")).isEqualTo(StrictJson.valueOf(Map.of("id", "a/b")));
    assertThat(request.get("body").stringValue()).isEqualTo("aGk=");
  }

  @Test
  void head_is_answered_like_get_without_the_body() throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    HttpResponse<String> response =
        server.send(
            HttpRequest.newBuilder(server.uri("/api/plugins/route/x"))
                .method("HEAD", HttpRequest.BodyPublishers.noBody()));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEmpty();
  }

  @Test
  void an_unknown_path_is_404_and_an_unknown_method_is_405() throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    assertProblem(server.get("/api/plugins/route/y"), 404);
    assertProblem(server.get("/api/plugins/nobody/x"), 404);
    HttpResponse<String> wrongMethod = server.post("/api/plugins/route/x", "");
    assertProblem(wrongMethod, 405);
    assertThat(wrongMethod.headers().firstValue("allow")).contains("GET, HEAD, OPTIONS");
    HttpResponse<String> options =
        server.send(
            HttpRequest.newBuilder(server.uri("/api/plugins/route/x"))
                .method("OPTIONS", HttpRequest.BodyPublishers.noBody()));
    assertThat(options.statusCode()).isEqualTo(204);
    assertThat(options.headers().firstValue("allow")).contains("GET, HEAD, OPTIONS");
  }

  @Test
  void the_allow_header_names_each_method_once() throws Exception {
    server.activate(GuestBundle.of("route").route("GET", "/x"));
    HttpResponse<String> traced =
        server.send(
            HttpRequest.newBuilder(server.uri("/api/plugins/route/x"))
                .method("PROPFIND", HttpRequest.BodyPublishers.noBody()));
    assertProblem(traced, 405);
    assertThat(traced.headers().firstValue("allow").orElseThrow().split(", "))
        .contains("GET", "HEAD", "OPTIONS")
        .doesNotHaveDuplicates();
    assertThat(server.post("/api/plugins/route/x", "").body())
        .contains("\"detail\":\"this path takes GET, HEAD, OPTIONS\"");
    assertThat(server.get("/api/v1/filters/h").body())
        .contains("\"detail\":\"this path takes POST\"");
  }

  @Test
  void a_wrong_hook_call_is_refused_with_the_name_of_the_field() throws Exception {
    for (Map.Entry<String, String> wrong :
        Map.of(
                "{\"value\":1,\"valeu\":2}",
                    "has the field \\\"valeu\\\", which is not one of args,",
                "{\"args\":[]}", "needs \\\"value\\\" or \\\"values\\\"",
                "{\"value\":1,\"values\":[]}",
                    "has both \\\"value\\\" and \\\"values\\\": send one")
            .entrySet()) {
      HttpResponse<String> refused = server.post("/api/v1/filters/h", wrong.getKey());
      assertProblem(refused, 400);
      assertThat(refused.body()).contains(wrong.getValue());
    }
  }

  @Test
  void a_route_that_loops_ends_at_its_deadline() throws Exception {
    server.activate(GuestBundle.of("routeloop").route("GET", "/{what}").limit("call_ms", 1_000));
    assertProblem(server.get("/api/plugins/routeloop/loop"), 504);
    assertThat(server.get("/api/plugins/routeloop/x").statusCode()).isEqualTo(200);
    assertProblem(server.get("/api/plugins/routeloop/loop"), 504);
  }

  @Test
  void a_route_that_traps_is_a_bad_gateway() throws Exception {
    server.activate(GuestBundle.of("trap").route("GET", "/x"));
    HttpResponse<String> response = server.get("/api/plugins/trap/x");
    assertProblem(response, 502);
    assertThat(response.body()).doesNotContain("unreachable");
  }

  @Test
  void health_and_readiness_answer_200_and_an_unknown_path_404() throws Exception {
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    assertThat(server.get("/readyz").statusCode()).isEqualTo(200);
    assertProblem(server.get("/nothing"), 404);
    HttpResponse<String> notGet = server.get("/api/v1/filters/h");
    assertProblem(notGet, 405);
    assertThat(notGet.headers().firstValue("allow")).contains("POST");
    HttpResponse<String> page =
        server.send(
            HttpRequest.newBuilder(server.uri("/api/v1/filters/h")).header("Accept", "text/html"));
    assertProblem(page, 405);
    assertThat(page.headers().firstValue("allow")).contains("POST");
  }

  @Test
  void a_request_that_jetty_refuses_gets_a_problem() throws Exception {
    assertProblem(server.get("/api/plugins/x/%ff"), 400);
    assertProblem(server.get("/healthz?q=" + "x".repeat(20_000)), 414);
  }

  @Test
  void a_port_in_use_is_named_with_the_option_that_changes_it() {
    ServerConfig taken = ServerConfig.loopback(server.port()).build();
    assertThatThrownBy(() -> server.startAnother(taken))
        .isInstanceOf(ServerStartException.class)
        .hasMessageContaining("127.0.0.1:" + server.port())
        .hasMessageContaining("--port");
  }

  @Test
  void close_lets_a_running_request_finish_and_refuses_new_ones() throws Exception {
    CountDownLatch inside = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    server
        .host()
        .addFilter(
            "app",
            "slow",
            10,
            (value, args, turn) -> {
              inside.countDown();
              release.await();
              return value;
            });
    CompletableFuture<HttpResponse<String>> running =
        server
            .client()
            .sendAsync(
                HttpRequest.newBuilder(server.uri("/api/v1/filters/slow"))
                    .POST(HttpRequest.BodyPublishers.ofString("{\"value\":1}"))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
    assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
    URI healthz = server.uri("/healthz");
    Thread closer = Thread.ofVirtual().start(server::closeServer);
    await().until(() -> refused(healthz));
    assertThat(running).isNotDone();
    release.countDown();
    HttpResponse<String> response = running.get(10, TimeUnit.SECONDS);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo("{\"value\":1}");
    closer.join();
  }

  @Test
  void explain_adds_the_reason_why_a_plugin_failed() throws Exception {
    server
        .host()
        .plugins()
        .activate(
            server
                .host()
                .plugins()
                .install(GuestBundle.of("badresult-status-1").filter("h").action("a").bytes())
                .manifest()
                .name());
    HttpResponse<String> plain = server.post("/api/v1/filters/h", "{\"value\":1}");
    assertThat(plain.body()).isEqualTo("{\"value\":1}");
    assertThat(plain.headers().firstValue("x-gonext-degraded"))
        .contains("badresult-status-1;code=STATUS");
    HttpResponse<String> explained =
        server.post("/api/v1/filters/h", "{\"value\":1,\"explain\":true}");
    assertThat(explained.statusCode()).isEqualTo(200);
    assertThat(explained.body())
        .isEqualTo(
            "{\"value\":1,\"degraded\":[{\"plugin\":\"badresult-status-1\",\"code\":\"STATUS\","
                + "\"reason\":\"it answered -1 (error)\"}]}");
    assertThat(server.post("/api/v1/filters/h", "{\"values\":[1],\"explain\":true}").body())
        .contains("\"code\":\"STATUS\"");
    assertThat(server.post("/api/v1/actions/a", "{\"explain\":true}").body())
        .contains("\"code\":\"STATUS\"");
    assertThat(server.post("/api/v1/filters/nobody", "{\"value\":1,\"explain\":true}").body())
        .isEqualTo("{\"value\":1,\"degraded\":[]}");
    HttpResponse<String> closed =
        server.post("/api/v1/filters/h", "{\"value\":1,\"explain\":true,\"fail_closed\":true}");
    assertThat(closed.statusCode()).isEqualTo(502);
    assertThat(closed.body())
        .contains("badresult-status-1 failed in hook h (STATUS): it answered -1 (error)");
    assertThat(server.post("/api/v1/filters/h", "{\"value\":1,\"fail_closed\":true}").body())
        .doesNotContain("it answered");
    assertThat(server.post("/api/v1/filters/h", "{\"value\":1,\"explain\":1}").statusCode())
        .isEqualTo(400);
  }

  @Test
  void an_explanation_is_bounded_and_reveals_nothing_about_the_host() throws Exception {
    server
        .host()
        .addFilter(
            "app",
            "h",
            1,
            (value, args, turn) -> {
              throw new HookFailedException("x".repeat(5_000) + "\n");
            });
    server
        .host()
        .addFilter(
            "app2",
            "h",
            2,
            (value, args, turn) -> {
              throw new IllegalStateException("jdbc:secret");
            });
    assertThat(server.post("/api/v1/filters/h", "{\"value\":1,\"explain\":true}").body())
        .contains("\"" + "x".repeat(Explanation.MAX_LENGTH) + "...\"", "\"reason\":\"see the log\"")
        .doesNotContain("jdbc:secret");
  }

  @Test
  void a_request_that_finds_no_memory_is_told_so_and_may_be_repeated() throws Exception {
    server
        .host()
        .addFilter(
            "app",
            "full",
            1,
            (value, args, turn) -> {
              throw new OutOfMemoryError("of a test");
            });
    HttpResponse<String> failed = server.post("/api/v1/filters/full", "{\"value\":1}");
    assertThat(failed.statusCode()).isEqualTo(503);
    assertThat(failed.headers().firstValue("content-type")).contains("application/problem+json");
    assertThat(failed.body()).contains("not enough memory", "-Xmx").doesNotContain("of a test");
    assertThat(server.get("/readyz").body()).contains("java.lang.OutOfMemoryError");
  }

  @Test
  void a_java_error_is_a_problem_and_many_make_the_node_unready() throws Exception {
    server
        .host()
        .addFilter(
            "app",
            "broken",
            1,
            (value, args, turn) -> {
              throw new NoClassDefFoundError("of a test");
            });
    for (int i = 0; i < InternalErrors.MANY; i++) {
      HttpResponse<String> failed = server.post("/api/v1/filters/broken", "{\"value\":1}");
      assertThat(failed.statusCode()).isEqualTo(500);
      assertThat(failed.headers().firstValue("content-type")).contains("application/problem+json");
      assertThat(failed.body()).contains("internal error, see the log").doesNotContain("of a test");
    }
    HttpResponse<String> unready = server.get("/readyz");
    assertThat(unready.statusCode()).isEqualTo(503);
    assertThat(unready.body())
        .contains("20 internal errors in the last minutes", "java.lang.NoClassDefFoundError");
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    for (int i = 0; i < InternalErrors.MANY; i++) {
      assertThat(server.post("/api/v1/filters/nobody", "{\"value\":1}").statusCode())
          .isEqualTo(200);
    }
    HttpResponse<String> ready = server.get("/readyz");
    assertThat(ready.statusCode()).isEqualTo(200);
    assertThat(ready.body()).contains("\"internal_errors\":\"20 internal errors");
  }

  @Test
  @Timeout(30)
  void a_request_on_an_idle_connection_is_answered_during_close() throws Exception {
    try (Socket kept = server.connect();
        Socket silent = server.connect()) {
      assertThat(ask(kept, "/healthz")).startsWith("HTTP/1.1 200 ").doesNotContain("close");
      assertThat(ask(silent, "/healthz")).startsWith("HTTP/1.1 200 ");
      URI healthz = server.uri("/healthz");
      Thread closer = Thread.ofVirtual().start(server::closeServer);
      await().until(() -> refused(healthz));
      String last = ask(kept, "/healthz");
      assertThat(last).startsWith("HTTP/1.1 200 ").contains("Connection: close");
      assertThat(kept.getInputStream().read()).isEqualTo(-1);
      assertThat(silent.getInputStream().read()).isEqualTo(-1);
      closer.join();
    }
  }

  /** Sends one request and reads its answer, whose body is JSON. */
  private static String ask(Socket socket, String path) throws IOException {
    socket
        .getOutputStream()
        .write(
            ("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
    StringBuilder answer = new StringBuilder();
    while (!answer.toString().endsWith("}")) {
      int next = socket.getInputStream().read();
      assertThat(next).as("after: %s", answer).isNotNegative();
      answer.append((char) next);
    }
    return answer.toString();
  }

  @Test
  void an_incomplete_request_does_not_block_others() throws Exception {
    try (Socket socket = server.connect()) {
      OutputStream out = socket.getOutputStream();
      out.write(
          "POST /api/v1/filters/h HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
    }
    assertThat(server.get("/healthz").statusCode()).isEqualTo(200);
  }

  private static boolean refused(URI uri) throws InterruptedException {
    try (HttpClient other = HttpClient.newHttpClient()) {
      return other
              .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.discarding())
              .statusCode()
          == 503;
    } catch (IOException e) {
      return true;
    }
  }
}
