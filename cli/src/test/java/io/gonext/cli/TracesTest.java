package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.cli.telemetry.OtlpReceiver;
import io.gonext.cli.telemetry.Telemetry;
import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.Egress;
import io.gonext.host.HostConfig;
import io.gonext.host.JobState;
import io.gonext.host.OperatorLimits;
import io.gonext.host.json.StrictJson;
import io.gonext.host.trust.TrustPolicy;
import io.gonext.server.LogLevel;
import io.gonext.server.ServerConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.metrics.v1.HistogramDataPoint;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Isolated;

/**
 * Two hosts, the first of which calls the second, export to one collector: what it gets once both
 * are closed.
 */
@Timeout(120)
@Isolated("it replaces the JVM's log")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TracesTest {
  private static final String TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
  private static final String CALLER = "00f067aa0ba902b7";

  private static final Duration LONG = Duration.ofSeconds(60);

  private OtlpReceiver collector;
  private List<Span> trace;

  @BeforeAll
  void call_a_host_that_calls_another(@TempDir Path directory) throws Exception {
    collector = OtlpReceiver.start();
    ProcessLog log = ProcessLog.start(LogFormat.TEXT, LogLevel.INFO, false, "1");
    try (RunningServer second = serve(directory.resolve("second"), log);
        RunningServer first = serve(directory.resolve("first"), log);
        HttpClient client = HttpClient.newHttpClient()) {
      second.host().plugins().deploy(routes(), Set.of());
      String there = "http://127.0.0.1:" + second.port();
      deploy(first, fetches(there), "http.fetch");
      deploy(first, jobs(), "hooks.subscribe", "jobs.enqueue");
      first
          .host()
          .plugins()
          .deploy(GuestBundle.of("logs", Guests.wasm("logs")).filter("say").bytes(), Set.of());
      deploy(first, GuestBundle.of("trap", Guests.wasm("trap")).filter("fail").bytes());
      Map<String, Object> fetch = Map.of("url", there + "/api/plugins/app/?token=SECRET");
      send(client, first, "fetch", Map.of("value", fetch));
      send(client, first, "say", Map.of("value", "x"));
      send(client, first, "fail", Map.of("value", "x"));
      send(client, first, "enqueue", Map.of("value", Map.of("job", "ok")));
      get(client, second, "GET", "/healthz");
      get(client, second, "FORGED", "/x" + "y".repeat(4000));
      await()
          .atMost(LONG)
          .until(() ->
              first.host().jobs().list("jobs", Optional.empty(), 10).stream()
                  .allMatch(job -> job.state() == JobState.SUCCEEDED));
    }
    trace =
        collector.spans().stream()
            .filter(span -> id(span.getTraceId().toByteArray()).equals(TRACE))
            .toList();
  }

  @AfterAll
  void close() {
    collector.close();
  }

  @Test
  void a_request_a_hook_a_fetch_and_the_request_of_the_other_host_are_one_tree() {
    Span request = below(CALLER, "POST /api/v1/filters/{hook}", 0);
    assertThat(request.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
    assertThat(text(request, "http.request.method")).isEqualTo("POST");
    assertThat(text(request, "http.route")).isEqualTo("/api/v1/filters/{hook}");
    assertThat(text(request, "url.path")).isEqualTo("/api/v1/filters/fetch");
    assertThat(text(request, "http.response.status_code")).isEqualTo("200");
    Span hook = below(request, "gonext.hook fetch");
    assertThat(text(hook, "gonext.plugin")).isEqualTo("web");
    assertThat(text(hook, "gonext.outcome")).isEqualTo("OK");
    Span fetch = below(hook, "gonext.fetch GET");
    assertThat(fetch.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
    assertThat(text(fetch, "server.address")).isEqualTo("127.0.0.1");
    Span there = below(fetch, "GET /api/plugins/{name}");
    assertThat(there.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_SERVER);
    Span route = below(there, "gonext.route GET /");
    assertThat(text(route, "gonext.plugin")).isEqualTo("app");
    assertThat(text(route, "http.route")).isEqualTo("/");
    assertThat(List.of(request, hook, fetch, there, route))
        .extracting(Span::getTraceState)
        .containsOnly("vendor=1");
  }

  @Test
  void a_job_is_below_the_hook_that_enqueued_it() {
    Span request = below(CALLER, "POST /api/v1/filters/{hook}", 3);
    Span job = below(below(request, "gonext.hook enqueue"), "gonext.job ok");
    assertThat(job.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CONSUMER);
    assertThat(text(job, "gonext.outcome")).isEqualTo("OK");
    assertThat(job.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_UNSET);
  }

  @Test
  void text_of_strangers_neither_names_a_span_nor_fills_one() {
    assertThat(collector.spans()).extracting(Span::getName).doesNotContain("FORGED");
    assertThat(collector.spans())
        .filteredOn(span -> text(span, "url.path").startsWith("/xyyy"))
        .singleElement()
        .satisfies(span -> {
          assertThat(text(span, "http.request.method")).isEqualTo("_OTHER");
          assertThat(text(span, "url.path")).hasSizeLessThan(520);
        });
  }

  @Test
  void checks_of_health_have_no_spans() {
    assertThat(collector.spans()).noneMatch(span -> text(span, "url.path").equals("/healthz"));
  }

  @Test
  void no_span_has_the_query_of_a_request() {
    assertThat(collector.spans().toString()).doesNotContain("SECRET");
  }

  @Test
  void a_line_of_a_plugin_has_the_trace_of_its_call() {
    List<LogRecord> lines =
        collector.logs().stream()
            .filter(line -> text(line, "gonext.plugin").equals("logs"))
            .filter(line -> line.getBody().getStringValue().equals("a line of the guest"))
            .toList();
    assertThat(lines).extracting(LogRecord::getSeverityText).contains("INFO", "WARN", "ERROR");
    assertThat(lines)
        .allSatisfy(line -> assertThat(id(line.getTraceId().toByteArray())).isEqualTo(TRACE));
  }

  @Test
  void a_line_of_the_host_about_a_plugin_names_it() {
    assertThat(collector.logs())
        .filteredOn(line -> text(line, "gonext.plugin").equals("trap"))
        .anySatisfy(line -> {
          assertThat(line.getBody().getStringValue()).startsWith("plugin trap failed in hook fail");
          assertThat(id(line.getTraceId().toByteArray())).isEqualTo(TRACE);
        })
        .anySatisfy(
            line -> assertThat(line.getBody().getStringValue()).isEqualTo("activated trap@1.0.0"));
  }

  @Test
  void the_span_of_a_hook_that_failed_says_so() {
    assertThat(trace)
        .filteredOn(span -> span.getName().equals("gonext.hook fail"))
        .singleElement()
        .satisfies(span -> {
          assertThat(span.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
          assertThat(text(span, "gonext.outcome")).isEqualTo("UNREACHABLE");
          assertThat(text(span, "error.type")).isEqualTo("UNREACHABLE");
        });
  }

  @Test
  void the_metrics_of_a_host_are_exported_under_their_names_with_dots() {
    List<HistogramDataPoint> points =
        collector.metrics().stream()
            .filter(metric -> metric.getName().equals("gonext.plugin.hook"))
            .peek(metric -> assertThat(metric.getUnit()).isEqualTo("s"))
            .map(Metric::getHistogram)
            .flatMap(histogram -> histogram.getDataPointsList().stream())
            .filter(point -> OtlpReceiver.text(point.getAttributesList(), "plugin").equals("web"))
            .toList();
    assertThat(points)
        .anySatisfy(point -> {
          assertThat(point.getCount()).isEqualTo(1);
          assertThat(point.getSum()).isPositive();
          assertThat(OtlpReceiver.text(point.getAttributesList(), "outcome")).isEqualTo("OK");
        });
    assertThat(collector.metrics()).extracting(Metric::getName).contains("gonext.otlp.dropped");
  }

  @Test
  void a_resource_has_the_name_the_version_and_an_id_of_the_host() {
    assertThat(collector.resources())
        .isNotEmpty()
        .allSatisfy(resource -> {
          List<KeyValue> attributes = resource.getAttributesList();
          assertThat(OtlpReceiver.text(attributes, "service.name")).isEqualTo("gonext");
          assertThat(OtlpReceiver.text(attributes, "service.version")).isEqualTo("9.9.9");
          assertThat(OtlpReceiver.text(attributes, "service.instance.id")).isNotEmpty();
        });
  }

  private RunningServer serve(Path data, ProcessLog log) throws Exception {
    PrometheusMeterRegistry metrics = RunningServer.metrics();
    Telemetry telemetry = Telemetry.start(collector.url(), metrics, log, "9.9.9", System::nanoTime);
    return RunningServer.openHost(
            HostConfig.builder(Files.createDirectories(data))
                .trust(TrustPolicy.off())
                .limits(OperatorLimits.defaults().withCall(LONG).withWaits(LONG))
                .telemetry(telemetry.openTelemetry())
                .egress(new Egress(Egress.Mode.ENFORCE, List.of(Egress.Allowed.parse("127.0.0.1"))))
                .build(),
            metrics,
            telemetry::close)
        .listen(ServerConfig.loopback(0).telemetry(telemetry.openTelemetry()).build());
  }

  private static void deploy(RunningServer to, byte[] bundle, String... capabilities)
      throws InterruptedException {
    to.host().plugins().deploy(bundle, Set.of(capabilities));
  }

  private static byte[] routes() {
    return GuestBundle.of("app", Guests.wasm("version-1")).route("GET", "/").bytes();
  }

  private static byte[] fetches(String origin) {
    return GuestBundle.of("web", Guests.wasm("fetch"))
        .field("capabilities", "[\"http.fetch\"]")
        .field("http", "{\"fetch\":{\"allow\":[\"" + origin + "\"]}}")
        .filter("fetch")
        .bytes();
  }

  private static byte[] jobs() {
    return GuestBundle.of("jobs", Guests.wasm("jobs"))
        .filter("enqueue")
        .field("capabilities", "[\"hooks.subscribe\",\"jobs.enqueue\"]")
        .field("jobs", "[\"ok\"]")
        .bytes();
  }

  private static void send(HttpClient client, RunningServer to, String hook, Object body)
      throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(
                URI.create("http://127.0.0.1:" + to.port() + "/api/v1/filters/" + hook))
            .header("traceparent", "00-" + TRACE + "-" + CALLER + "-01")
            .header("tracestate", "vendor=1")
            .POST(
                HttpRequest.BodyPublishers.ofByteArray(StrictJson.write(StrictJson.valueOf(body))))
            .build();
    assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
  }

  private static void get(HttpClient client, RunningServer from, String method, String path)
      throws Exception {
    var _ =
        client.send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + from.port() + path))
                .method(method, HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.discarding());
  }

  private Span below(Span parent, String name) {
    return below(id(parent.getSpanId().toByteArray()), name, 0);
  }

  /** The span of that name below another one, the first for 0. */
  private Span below(String parent, String name, int number) {
    List<Span> children =
        trace.stream()
            .filter(span -> id(span.getParentSpanId().toByteArray()).equals(parent))
            .sorted((a, b) -> Long.compare(a.getStartTimeUnixNano(), b.getStartTimeUnixNano()))
            .toList();
    List<Span> named = children.stream().filter(span -> span.getName().equals(name)).toList();
    assertThat(named).as("%s below %s: %s", name, parent, children).hasSizeGreaterThan(number);
    return named.get(number);
  }

  private static String text(Span span, String key) {
    return OtlpReceiver.text(span.getAttributesList(), key);
  }

  private static String text(LogRecord line, String key) {
    return OtlpReceiver.text(line.getAttributesList(), key);
  }

  private static String id(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }
}
