package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.host.json.StrictJson;
import io.gonext.host.recording.Recording;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Recorded calls over the admin API. */
class RecordingApiTest {
  @RegisterExtension
  private final TestServer server = TestServer.of(config -> config, TestServer::token);

  @BeforeEach
  void activate() throws InterruptedException {
    server.host().plugins().install(GuestBundle.of("upper").filter("shout").bytes());
    server.host().plugins().activate("upper");
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    return server.send(
        HttpRequest.newBuilder(server.uri("/api/v1/plugins/" + path))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .method(method, BodyPublishers.ofString(body)));
  }

  private static JsonNode json(HttpResponse<String> answer) throws Exception {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return StrictJson.parse(answer.body().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void a_recording_is_started_listed_fetched_and_stopped() throws Exception {
    assertThat(json(send("GET", "upper/recordings", "")).toString())
        .isEqualTo("{\"name\":\"upper\",\"records\":false,\"recordings\":[]}");
    JsonNode started =
        json(send("POST", "upper/recordings", "{\"failures\":true,\"slow_ms\":5,\"every\":1}"));
    assertThat(started.path("policy").toString())
        .isEqualTo("{\"failures\":true,\"every\":1,\"slow_ms\":5}");
    var _ = server.host().applyFilters("shout", "a");
    JsonNode listed = json(send("GET", "upper/recordings", ""));
    assertThat(listed.path("recordings").path(0).path("hook").asString("")).isEqualTo("shout");
    HttpResponse<String> file = send("GET", "upper/recordings/1", "");
    assertThat(Recording.parse(file.body().getBytes(StandardCharsets.UTF_8)).plugin())
        .isEqualTo("upper");
    JsonNode stopped = json(send("DELETE", "upper/recordings", ""));
    assertThat(stopped.path("records").asBoolean(true)).isFalse();
    assertThat(stopped.path("recordings").size()).isEqualTo(1);
    assertThat(server.host().audit().newest(10).toString())
        .contains("recording_started", "recording_stopped");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "POST   | upper/recordings   | {\"all\":true}       | 400 | the fields of a recording are",
        "POST   | upper/recordings   | {\"failures\":1}     | 400 | neither true nor false",
        "POST   | upper/recordings   | {\"failures\":false} | 400 | this keeps no call",
        "POST   | upper/recordings   | {\"slow_ms\":0}      | 400 | not a whole number from 1 to",
        "POST   | upper/recordings   | {\"every\":-1}       | 400 | not a whole number from 0 to",
        "POST   | upper/recordings   | []                   | 400 | JSON object",
        "POST   | nobody/recordings  | {}                   | 404 | no plugin named nobody",
        "GET    | nobody/recordings  | ''                   | 404 | no plugin named nobody",
        "DELETE | nobody/recordings  | ''                   | 404 | no plugin named nobody",
        "GET    | upper/recordings/1 | ''                   | 404 | there is no recording of this"
            + " id",
        "GET    | upper/recordings/x | ''                   | 404 | there is no recording of this"
            + " id"
      })
  void a_wrong_request_gets_one_sentence(
      String method, String path, String body, int status, String sentence) throws Exception {
    HttpResponse<String> answer = send(method, path, body);
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).contains(sentence);
  }

  @Test
  void a_plugin_that_is_not_in_service_is_a_409() throws Exception {
    server.host().plugins().deactivate("upper");
    HttpResponse<String> answer = send("POST", "upper/recordings", "{}");
    assertThat(answer.statusCode()).isEqualTo(409);
    assertThat(answer.body()).contains("activate it first");
  }
}
