package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.JobPolicy;
import io.gonext.host.json.StrictJson;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import tools.jackson.databind.JsonNode;

/** Jobs over HTTP. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class JobApiTest {
  private static final String PLUGIN = "/api/v1/plugins/jobs";

  @RegisterExtension
  private final TestServer server =
      TestServer.of(
          config ->
              config.jobs(
                  JobPolicy.defaults()
                      .withTimes(Duration.ofMillis(50), Duration.ofSeconds(3))
                      .withBackoff(Duration.ofMillis(1))),
          TestServer::token);

  @BeforeAll
  void activate() throws Exception {
    server
        .host()
        .plugins()
        .install(
            GuestBundle.of("jobs", Guests.wasm("jobs"))
                .filter("enqueue")
                .field("jobs", "[\"ok\",{\"name\":\"trap\",\"max_attempts\":1}]")
                .field("cron", "[{\"job\":\"ok\",\"schedule\":\"30 4 * * 1-5\"}]")
                .bytes());
    server.host().plugins().activate("jobs");
  }

  private JsonNode ended(String id) {
    return await()
        .until(() -> json(send("GET", "/api/v1/jobs/" + id, "")), job -> job.has("ended_at"));
  }

  private String run(String request) throws Exception {
    return json(send("POST", PLUGIN + "/jobs", request)).get("id").stringValue();
  }

  @Test
  void a_job_is_run_and_shown_with_its_attempts() throws Exception {
    JsonNode job = ended(run("{\"job\":\"ok\",\"args\":{\"a\":1}}"));
    assertThat(job.get("state").stringValue()).isEqualTo("succeeded");
    assertThat(job.get("args").toString()).isEqualTo("{\"a\":1}");
    assertThat(job.get("attempts")).hasSize(1);
  }

  @Test
  void a_dead_job_is_listed_with_its_backtrace_and_retried() throws Exception {
    String id = run("{\"job\":\"trap\"}");
    JsonNode job = ended(id);
    assertThat(job.get("state").stringValue()).isEqualTo("dead");
    assertThat(job.at("/attempts/0/outcome").stringValue()).isEqualTo("UNREACHABLE");
    assertThat(job.at("/attempts/0/backtrace")).isNotEmpty();
    assertThat(json(send("GET", PLUGIN + "/jobs?state=dead", "")).get("jobs").toString())
        .contains(id);
    assertThat(send("POST", "/api/v1/jobs/" + id + "/retry", "").statusCode()).isEqualTo(200);
    await().until(() -> json(send("GET", "/api/v1/jobs/" + id, "")).get("attempts").size() == 2);
  }

  @Test
  void a_dead_job_is_deleted_once_and_one_that_waits_is_not() throws Exception {
    String id = ended(run("{\"job\":\"trap\"}")).get("id").stringValue();
    HttpResponse<String> deleted = send("DELETE", "/api/v1/jobs/" + id, "");
    assertThat(deleted.statusCode()).isEqualTo(204);
    assertThat(send("DELETE", "/api/v1/jobs/" + id, "").statusCode()).isEqualTo(404);
    String waiting = run("{\"job\":\"ok\",\"delay_ms\":600000}");
    assertThat(send("DELETE", "/api/v1/jobs/" + waiting, "").statusCode()).isEqualTo(409);
  }

  @Test
  void a_job_that_waits_is_cancelled_once() throws Exception {
    String id = run("{\"job\":\"ok\",\"delay_ms\":600000}");
    assertThat(json(send("POST", "/api/v1/jobs/" + id + "/cancel", "")).get("state").stringValue())
        .isEqualTo("cancelled");
    assertThat(send("POST", "/api/v1/jobs/" + id + "/cancel", "").statusCode()).isEqualTo(409);
  }

  @Test
  void pauses_of_a_plugin_and_of_a_job_are_shown() throws Exception {
    assertThat(json(send("POST", PLUGIN + "/jobs/trap/pause", "")).get("paused").toString())
        .isEqualTo("[\"trap\"]");
    assertThat(send("POST", PLUGIN + "/jobs/trap/pause", "").statusCode()).isEqualTo(409);
    assertThat(json(send("POST", PLUGIN + "/jobs/trap/resume", "")).get("paused")).isEmpty();
    assertThat(send("POST", PLUGIN + "/jobs/absent/pause", "").statusCode()).isEqualTo(404);
  }

  @Test
  void schedules_have_their_next_run() {
    await()
        .untilAsserted(() ->
            assertThat(
                    json(send("GET", PLUGIN + "/schedules", ""))
                        .at("/schedules/0/next_at")
                        .asString(""))
                .contains("T04:30:00Z"));
  }

  @Test
  void what_is_not_acceptable_gets_a_sentence() throws Exception {
    HttpResponse<String> wrong = send("POST", PLUGIN + "/jobs", "{\"job\":\"ok\",\"args\":[]}");
    assertThat(wrong.statusCode()).isEqualTo(400);
    assertThat(wrong.body()).contains("\\\"args\\\" is not an object");
    assertThat(send("POST", PLUGIN + "/jobs", "{\"job\":\"absent\"}").statusCode()).isEqualTo(404);
    assertThat(send("POST", "/api/v1/plugins/absent/jobs", "{\"job\":\"ok\"}").statusCode())
        .isEqualTo(404);
    assertThat(send("GET", "/api/v1/jobs/absent", "").statusCode()).isEqualTo(404);
    assertThat(send("GET", "/api/v1/jobs?state=lost", "").body())
        .contains("state must be one of waiting, running, succeeded, failed, dead, cancelled");
    assertThat(send("GET", "/api/v1/jobs?state=", "").statusCode()).isEqualTo(400);
    assertThat(send("GET", "/api/v1/jobs?limit=0", "").statusCode()).isEqualTo(400);
  }

  private static JsonNode json(HttpResponse<String> response) throws Exception {
    return StrictJson.parse(response.body().getBytes(StandardCharsets.UTF_8));
  }

  private HttpResponse<String> send(String method, String path, String body) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .method(method, BodyPublishers.ofString(body))
            .build();
    return server.client().send(request, BodyHandlers.ofString());
  }
}
