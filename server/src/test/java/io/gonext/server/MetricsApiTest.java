package io.gonext.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a scraper gets from {@code /metrics}. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class MetricsApiTest {
  private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8";
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";

  @RegisterExtension private final TestServer server = TestServer.withDefaults();

  @ParameterizedTest
  @ValueSource(
      strings = {
        "*/*",
        "text/plain",
        "text/plain;version=0.0.4, application/openmetrics-text;version=1.0.0",
        "application/openmetrics-text;q=0",
        "application/openmetrics-text;version=0.0.1",
        "application/openmetrics-text;version=1.0.0;q=0.3, text/plain;q=0.7",
        "application/json",
        "application/openmetrics-text;q=x, ;;,q=1"
      })
  void plain_text_is_the_answer_unless_openmetrics_is_preferred(String accept) throws Exception {
    HttpResponse<String> response = scrape(accept);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().allValues("content-type")).containsExactly(TEXT);
    assertThat(response.body())
        .contains("# TYPE gonext_store_available gauge")
        .doesNotContain("# EOF");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "application/openmetrics-text",
        "Application/OpenMetrics-Text; version=1.0.0",
        // What Prometheus 2.42 and 3 send.
        "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
            + "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
            + "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,*/*;q=0.2"
      })
  void openmetrics_is_the_answer_where_it_is_preferred(String accept) throws Exception {
    HttpResponse<String> response = scrape(accept);
    assertThat(response.headers().allValues("content-type")).containsExactly(OPEN);
    assertThat(response.headers().allValues("vary")).containsExactly("Accept, Accept-Encoding");
    assertThat(response.body()).contains("# TYPE gonext_store_available gauge").endsWith("# EOF\n");
  }

  @Test
  void a_call_in_a_sampled_span_is_an_exemplar_of_its_bucket() throws Exception {
    server.activate(GuestBundle.of("upper").filter("title"));
    SpanContext sampled =
        SpanContext.create(
            TRACE, "b7ad6b7169203331", TraceFlags.getSampled(), TraceState.getDefault());
    try (Scope _ = Span.wrap(sampled).makeCurrent()) {
      server.host().applyFilters("title", "x");
    }
    String text = scrape("application/openmetrics-text").body();
    assertThat(text)
        .containsPattern(
            "gonext_plugin_call_seconds_bucket\\{plugin=\"upper\",le=\"[^\"]+\"} 1 # \\{"
                + "span_id=\"b7ad6b7169203331\",trace_id=\""
                + TRACE
                + "\"} ");
    // Prometheus 2.42 refuses a scrape with an exemplar anywhere else.
    assertThat(text.lines().filter(line -> line.contains(" # {")))
        .isNotEmpty()
        .allMatch(line -> line.matches("\\w+_(bucket|total)\\W.*"));
    assertThat(scrape("text/plain").body()).doesNotContain(TRACE);
  }

  @Test
  void the_answer_is_compressed_for_a_client_that_accepts_gzip() throws Exception {
    HttpResponse<byte[]> response =
        server
            .client()
            .send(
                HttpRequest.newBuilder(server.uri("/metrics"))
                    .header("Accept-Encoding", "br;q=0.9, gzip")
                    .build(),
                BodyHandlers.ofByteArray());
    assertThat(response.headers().allValues("content-encoding")).containsExactly("gzip");
    String text =
        new String(
            new GZIPInputStream(new ByteArrayInputStream(response.body())).readAllBytes(),
            StandardCharsets.UTF_8);
    assertThat(text).contains("# TYPE gonext_store_available gauge");
    assertThat(response.body().length).isLessThan(text.length() / 4);
  }

  @Test
  void the_metrics_of_the_jvm_and_the_process_have_prometheus_names() throws Exception {
    List<String> families =
        scrape("text/plain")
            .body()
            .lines()
            .filter(line -> line.startsWith("# TYPE "))
            .map(line -> line.split(" ", -1)[2])
            .toList();
    assertThat(families)
        .doesNotHaveDuplicates()
        .contains(
            "process_cpu_seconds_total",
            "process_start_time_seconds",
            "process_open_fds",
            "process_resident_memory_bytes",
            "jvm_memory_used_bytes",
            "jvm_gc_collection_seconds",
            "jvm_threads_current",
            "jvm_runtime_info");
  }

  private HttpResponse<String> scrape(String accept) throws IOException, InterruptedException {
    return server.send(HttpRequest.newBuilder(server.uri("/metrics")).header("Accept", accept));
  }
}
