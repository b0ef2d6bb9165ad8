package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.PluginState;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.server.HttpServer;
import io.gonext.server.PrometheusMetrics;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

/** Debian's Prometheus scrapes a host and evaluates the rules in {@code ops}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PrometheusTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  private final HttpClient client = HttpClient.newHttpClient();
  private Host host;
  private HttpServer server;
  private Process prometheus;
  private Path directory;
  private int port;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    TestTool.require(
        "prometheus",
        TestTool.isOnPath("prometheus"),
        "no prometheus on PATH: apt-get install prometheus");
    directory = folder;
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    host = Hosts.open(config().meters(metrics).build());
    host.plugins().deploy(GuestBundle.of("upper").filter("title").bytes(), Set.of());
    host.plugins().deploy(GuestBundle.of("trap").filter("text").bytes(), Set.of());
    server = HttpServer.start(host, metrics, ServerConfig.loopback(0).build());
    port = freePort();
    prometheus = prometheus();
  }

  /** It gives a plugin up whose breaker was open for most of a second. */
  private HostConfig.Builder config() {
    Duration open = Duration.ofMillis(200);
    return Hosts.patient(directory.resolve("data")).toBuilder()
        .breaker(new BreakerPolicy(50, 1, open, open, open, Duration.ofSeconds(1)));
  }

  private Process prometheus() throws IOException {
    Path rules = Path.of(System.getProperty("gonext.root"), "ops/prometheus/gonext.rules.yml");
    Path config =
        Files.writeString(
            directory.resolve("prometheus.yml"),
            """
            global: {scrape_interval: 1s, evaluation_interval: 1s}
            rule_files: ["%s"]
            scrape_configs:
              - job_name: gonext
                static_configs: [{targets: ["127.0.0.1:%d"]}]
            """
                .formatted(rules, server.port()));
    return new ProcessBuilder(
            "prometheus",
            "--config.file=" + config,
            "--storage.tsdb.path=" + directory.resolve("tsdb"),
            "--web.listen-address=127.0.0.1:" + port,
            "--enable-feature=exemplar-storage")
        .redirectErrorStream(true)
        .redirectOutput(directory.resolve("prometheus.log").toFile())
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  @AfterAll
  void stop() throws InterruptedException {
    if (prometheus != null) {
      prometheus.destroy();
      if (!prometheus.waitFor(10, TimeUnit.SECONDS)) {
        prometheus.destroyForcibly().waitFor();
      }
    }
    if (server != null) {
      server.close();
    }
    if (host != null) {
      host.close();
    }
    client.close();
  }

  @Test
  void the_alert_of_a_plugin_fires_when_the_host_gives_it_up() {
    await()
        .atMost(LONG)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> {
          host.applyFilters("text", "x");
          return host.plugins().find("trap").orElseThrow().state() == PluginState.ERRORED;
        });
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(() -> {
          // Others need more time: its calls failed, and its breaker was open.
          List<JsonNode> firing =
              ask("/api/v1/alerts")
                  .at("/data/alerts")
                  .valueStream()
                  .filter(alert -> alert.path("state").asString("").equals("firing"))
                  .toList();
          assertThat(firing)
              .singleElement()
              .satisfies(alert -> {
                assertThat(alert.at("/labels/alertname").asString(""))
                    .isEqualTo("GoNextPluginErrored");
                assertThat(alert.at("/labels/plugin").asString("")).isEqualTo("trap");
                assertThat(alert.at("/annotations/runbook_url").asString(""))
                    .isEqualTo("docs/operations.md#gonextpluginerrored");
              });
        });
  }

  @Test
  void a_call_in_a_trace_leads_from_its_metric_to_the_trace() {
    SpanContext sampled =
        SpanContext.create(
            TRACE, "b7ad6b7169203331", TraceFlags.getSampled(), TraceState.getDefault());
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(() -> {
          try (Scope _ = Span.wrap(sampled).makeCurrent()) {
            assertThat(host.applyFilters("title", "x").degraded()).isEmpty();
          }
          assertThat(
                  ask("/api/v1/query_exemplars?start=0&end=99999999999&query="
                          + encoded("gonext_plugin_call_seconds_bucket"))
                      .at("/data/0/exemplars/0/labels/trace_id")
                      .asString(""))
              .isEqualTo(TRACE);
        });
  }

  @Test
  void the_recording_rules_have_values() {
    await()
        .atMost(LONG)
        .ignoreExceptions()
        .untilAsserted(() -> {
          host.applyFilters("title", "x");
          assertThat(
                  ask("/api/v1/query?query="
                          + encoded("plugin:gonext_calls:rate5m{plugin=\"upper\"} > 0"))
                      .at("/data/result"))
              .hasSize(1);
        });
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private JsonNode ask(String path) throws IOException, InterruptedException, InvalidJsonException {
    byte[] answer =
        client
            .send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
                BodyHandlers.ofByteArray())
            .body();
    return StrictJson.parse(answer);
  }
}
