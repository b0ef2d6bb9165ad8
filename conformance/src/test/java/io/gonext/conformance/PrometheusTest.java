package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.guests.GuestBundle;
import io.gonext.host.BreakerPolicy;
import io.gonext.host.Host;
import io.gonext.host.HostConfig;
import io.gonext.host.PluginState;
import io.gonext.server.HttpServer;
import io.gonext.server.PrometheusMetrics;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Debian's Prometheus scrapes a host and evaluates the rules in {@code ops}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class PrometheusTest {
  private static final Duration LONG = Duration.ofSeconds(60);
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  private Host host;
  private HttpServer server;
  private TestPrometheus prometheus;
  private Path directory;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    TestPrometheus.require();
    directory = folder;
    PrometheusMeterRegistry metrics = PrometheusMetrics.registry();
    host = Hosts.open(config().meters(metrics).build());
    host.plugins().deploy(GuestBundle.of("upper").filter("title").bytes(), Set.of());
    host.plugins().deploy(GuestBundle.of("trap").filter("text").bytes(), Set.of());
    server = HttpServer.start(host, metrics, ServerConfig.loopback(0).build());
    prometheus = TestPrometheus.start(folder, server.port());
  }

  /** It gives a plugin up whose breaker was open for most of a second. */
  private HostConfig.Builder config() {
    Duration open = Duration.ofMillis(200);
    return Hosts.patient(directory.resolve("data")).toBuilder()
        .breaker(new BreakerPolicy(50, 1, open, open, open, Duration.ofSeconds(1)));
  }

  @AfterAll
  void stop() throws InterruptedException {
    if (prometheus != null) {
      prometheus.close();
    }
    if (server != null) {
      server.close();
    }
    if (host != null) {
      host.close();
    }
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
          assertThat(prometheus.firing())
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
                  prometheus
                      .ask(
                          "/api/v1/query_exemplars?start=0&end=99999999999&query="
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
                  prometheus
                      .ask(
                          "/api/v1/query?query="
                              + encoded("plugin:gonext_calls:rate5m{plugin=\"upper\"} > 0"))
                      .at("/data/result"))
              .hasSize(1);
        });
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
