package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.Database;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.UpdatePolicy;
import io.gonext.host.json.StrictJson;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import tools.jackson.databind.JsonNode;

/** {@code /readyz} of a host whose database stops and starts again, and of one that warms up. */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class ReadinessTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path data;
  @TempDir private Path files;
  private final HttpClient client = HttpClient.newHttpClient();

  @Test
  void a_host_that_loses_its_database_is_degraded_and_still_serves() throws Exception {
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    EmbeddedPostgres postgres = postgres().start();
    int port = postgres.getPort();
    try (Host host =
            Host.open(
                HostConfig.builder(data)
                    .meters(metrics)
                    .database(Database.postgreSql(postgres.getJdbcUrl("postgres", "postgres")))
                    .build());
        HttpServer server = HttpServer.start(host, metrics, ServerConfig.loopback(0).build())) {
      host.plugins()
          .activate(
              host.plugins()
                  .install(GuestBundle.of("upper").filter("shout").bytes())
                  .manifest()
                  .name());
      assertThat(get(server, "/readyz")).isEqualTo("{\"status\":\"ready\"}");
      assertThat(get(server, "/metrics")).contains("\ngonext_store_available 1.0\n");

      Instant before = Instant.now();
      postgres.close();
      await().atMost(LONG).until(() -> !get(server, "/readyz").contains("\"ready\""));
      JsonNode ready = StrictJson.parse(get(server, "/readyz").getBytes(StandardCharsets.UTF_8));
      assertThat(ready.path("status").asString()).isEqualTo("degraded");
      assertThat(Instant.parse(ready.path("store").path("since").asString()))
          .isBetween(before, Instant.now());
      assertThat(ready.path("store").path("problem").asString())
          .startsWith("the store does not work")
          .doesNotContain(String.valueOf(port));
      assertThat(get(server, "/metrics")).contains("\ngonext_store_available 0.0\n");
      assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");

      postgres = postgres().setPort(port).start();
      await().atMost(LONG).until(() -> get(server, "/readyz").equals("{\"status\":\"ready\"}"));
      assertThat(get(server, "/metrics")).contains("\ngonext_store_available 1.0\n");
    } finally {
      client.close();
      postgres.close();
    }
  }

  @Test
  void a_host_is_ready_once_each_plugin_was_exercised() throws Exception {
    PrometheusMeterRegistry metrics = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    HostConfig config =
        HostConfig.builder(data)
            .warmUp(Duration.ofSeconds(10))
            .updates(UpdatePolicy.development())
            .build();
    try (Host host = Host.open(config)) {
      GuestBundle loop = GuestBundle.of("loop").filter("h");
      for (int i = 0; i < 30; i++) {
        loop.file("warmup/" + i + ".json", "{\"filter\":\"h\",\"value\":1}");
      }
      for (GuestBundle bundle : List.of(loop, GuestBundle.of("upper").filter("shout"))) {
        host.plugins().activate(host.plugins().install(bundle.bytes()).manifest().name());
      }
    }
    try (Host host = Host.open(config.toBuilder().meters(metrics).build());
        HttpServer server =
            HttpServer.start(
                host,
                metrics,
                ServerConfig.loopback(0).token(AdminToken.of(TestServer.TOKEN)).build())) {
      HttpResponse<String> warming = ask(server, "/readyz");
      assertThat(warming.statusCode()).isEqualTo(503);
      assertThat(warming.body())
          .isEqualTo("{\"status\":\"warming\",\"warm_up\":{\"plugins\":2,\"done\":1}}");
      assertThat(warming.headers().firstValue("Retry-After")).contains("1");
      assertThat(get(server, "/healthz")).contains("up");
      assertThat(get(server, "/api/v1/plugins/upper/health"))
          .endsWith("\"healthy\":true,\"warm_up\":{\"plugins\":2,\"done\":1}}");
      assertThat(get(server, "/metrics"))
          .contains("\ngonext_warmup_plugins{state=\"done\"} 1.0\n")
          .contains("\ngonext_warmup_plugins{state=\"waiting\"} 1.0\n");
      assertThat(host.applyFilters("shout", "a").value().stringValue()).isEqualTo("A");

      host.plugins().deactivate("loop");
      await().atMost(LONG).until(() -> ask(server, "/readyz").statusCode() == 200);
      assertThat(get(server, "/readyz")).isEqualTo("{\"status\":\"ready\"}");
      assertThat(get(server, "/api/v1/plugins/upper/health")).doesNotContain("warm_up");
      assertThat(get(server, "/metrics"))
          .contains("\ngonext_warmup_plugins{state=\"waiting\"} 0.0\n");
    } finally {
      client.close();
    }
  }

  private EmbeddedPostgres.Builder postgres() {
    return EmbeddedPostgres.builder()
        .setDataDirectory(files.resolve("pg"))
        .setCleanDataDirectory(false);
  }

  private String get(HttpServer server, String path) throws IOException, InterruptedException {
    HttpResponse<String> response = ask(server, path);
    assertThat(response.statusCode()).isEqualTo(200);
    return response.body();
  }

  private HttpResponse<String> ask(HttpServer server, String path)
      throws IOException, InterruptedException {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .header("Authorization", "Bearer " + TestServer.TOKEN)
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
