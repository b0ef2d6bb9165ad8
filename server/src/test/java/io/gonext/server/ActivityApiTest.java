package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What plugins do, as operators get it over HTTP. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ActivityApiTest {
  @RegisterExtension
  private final TestServer server = TestServer.of(host -> host, TestServer::token);

  @BeforeAll
  void call() throws InterruptedException {
    server.activate(GuestBundle.of("panic").filter("shout").route("GET", "/x"));
    server.host().applyFilters("shout", "a payload that nobody keeps");
  }

  private HttpRequest.Builder request(String path, String accept) {
    return HttpRequest.newBuilder(server.uri(path))
        .header("Authorization", "Bearer " + TestServer.TOKEN)
        .header("Accept", accept);
  }

  private JsonNode get(String path) throws Exception {
    HttpResponse<String> answer = server.send(request(path, "application/json"));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return TestServer.json(answer);
  }

  @Test
  void the_activity_of_all_plugins_has_memory_calls_and_handlers() throws Exception {
    JsonNode body = get(ActivityApi.PATH);

    assertThat(body.at("/memory/heap_max_bytes").longValue()).isPositive();
    JsonNode plugin = body.at("/plugins/0");
    assertThat(plugin.path("name").stringValue()).isEqualTo("panic");
    assertThat(plugin.path("failures").longValue()).isPositive();
    assertThat(plugin.at("/pool/max").intValue()).isPositive();
    assertThat(plugin.at("/pool/recycled/trap").longValue()).isPositive();
    assertThat(plugin.at("/handlers/0/name").stringValue()).isEqualTo("shout");
    assertThat(plugin.at("/handlers/0/kind").stringValue()).isEqualTo("hook");
    assertThat(plugin.at("/handlers/0/times/p99_us").longValue()).isPositive();
    assertThat(plugin.at("/handlers/1/name").stringValue()).isEqualTo("GET /x");
    assertThat(plugin.at("/handlers/1/breaker").stringValue()).isEqualTo("closed");
  }

  @Test
  void the_activity_of_one_plugin_has_instances_and_history() throws Exception {
    JsonNode body = get(AdminApi.PREFIX + "/panic/activity");

    assertThat(body.path("instances").isArray()).isTrue();
    assertThat(body.path("waits_us").isEmpty()).isTrue();
    assertThat(body.path("history").isArray()).isTrue();
    assertThat(body.has("job_instances")).isFalse();
    TestServer.assertProblem(
        server.send(request(AdminApi.PREFIX + "/nobody/activity", "*/*")), 404);
  }

  @Test
  void a_plugin_out_of_service_has_no_activity() throws Exception {
    server.host().plugins().install(GuestBundle.of("upper").filter("up").bytes());

    HttpResponse<String> answer =
        server.send(request(AdminApi.PREFIX + "/upper/activity", "application/json"));
    TestServer.assertProblem(answer, 409);
    assertThat(answer.body()).contains("upper is not in service; activate it first");
  }

  @Test
  void a_recorded_call_has_its_reason_and_backtrace_and_no_payload() throws Exception {
    JsonNode body = get(ActivityApi.CALLS + "?plugin=panic&why=failed");

    JsonNode call = body.at("/calls/0");
    assertThat(call.path("handler").stringValue()).isEqualTo("shout");
    assertThat(call.path("outcome").stringValue()).isEqualTo("GUEST_PANIC");
    assertThat(call.path("reason").stringValue()).contains("the guest gave up");
    assertThat(call.path("backtrace").size()).isPositive();
    assertThat(call.path("took_us").longValue()).isPositive();
    assertThat(body.toString()).doesNotContain("nobody keeps");
    assertThat(get(ActivityApi.CALLS + "?why=late").path("calls").isEmpty()).isTrue();
  }

  @Test
  void a_stream_has_the_recorded_calls_and_then_new_ones() throws Exception {
    HttpResponse<InputStream> stream =
        server
            .client()
            .send(
                request(ActivityApi.CALLS + "?plugin=panic", "text/event-stream").build(),
                BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8))) {
      String first = data(lines);
      assertThat(first).contains("\"handler\":\"shout\"");
      server.host().applyFilters("shout", "b");
      assertThat(data(lines)).contains("\"handler\":\"shout\"").isNotEqualTo(first);
    }
  }

  private static String data(BufferedReader lines) throws Exception {
    String line = lines.readLine();
    while (line != null && !line.startsWith("data:")) {
      line = lines.readLine();
    }
    return line == null ? "the stream has ended" : line;
  }

  @Test
  void an_unknown_reason_and_an_unknown_plugin_are_refused() throws Exception {
    HttpResponse<String> answer = server.send(request(ActivityApi.CALLS + "?why=odd", "*/*"));
    TestServer.assertProblem(answer, 400);
    assertThat(answer.body()).contains("why must be one of slow, late, failed");
    TestServer.assertProblem(
        server.send(request(ActivityApi.CALLS + "?plugin=nobody", "text/event-stream")), 404);
  }

  @ParameterizedTest
  @ValueSource(strings = {ActivityApi.PATH, ActivityApi.CALLS, AdminApi.PREFIX + "/panic/activity"})
  void nobody_reads_them_without_a_token(String path) throws Exception {
    assertThat(server.get(path).statusCode()).isEqualTo(401);
  }
}
