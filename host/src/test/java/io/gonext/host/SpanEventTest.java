package io.gonext.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.GuestBundle;
import io.gonext.guests.Guests;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Events that guests add to the spans of their calls. */
class SpanEventTest {
  private static final int DENIED = -1;
  private static final int BAD_ARGUMENTS = -3;
  private static final int QUOTA = -5;

  @TempDir private Path data;
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .build();
  private Host host;

  @BeforeEach
  void open() throws InterruptedException {
    open(telemetry);
    host.plugins().grantRequested("spans");
  }

  private void open(OpenTelemetry to) throws InterruptedException {
    host = Host.open(HostConfig.builder(data).telemetry(to).build());
    host.plugins()
        .install(
            GuestBundle.of("spans", Guests.wasm("spans"))
                .filter("cache.miss")
                .filter("many.events")
                .field("capabilities", "[\"events.emit\"]")
                .bytes());
    host.plugins().activate("spans");
  }

  @AfterEach
  void close() {
    host.close();
  }

  @Test
  void an_event_is_on_the_span_of_the_call() throws InterruptedException {
    assertThat(call("cache.miss", "{\"key\":\"a\",\"tries\":3,\"ratio\":0.5,\"cold\":true}"))
        .isZero();
    SpanData span = onlySpan();
    assertThat(span.getName()).isEqualTo("gonext.hook cache.miss");
    EventData event = span.getEvents().getFirst();
    assertThat(event.getName()).isEqualTo("cache.miss");
    assertThat(event.getAttributes())
        .isEqualTo(
            Attributes.builder()
                .put("key", "a")
                .put("tries", 3)
                .put("ratio", 0.5)
                .put("cold", true)
                .build());
  }

  @Test
  void an_event_needs_no_attributes() throws InterruptedException {
    assertThat(call("cache.miss", "null")).isZero();
    assertThat(onlySpan().getEvents()).singleElement().matches(e -> e.getAttributes().isEmpty());
  }

  @Test
  void a_call_adds_32_events_at_most() throws InterruptedException {
    assertThat(call("many.events", "null")).isEqualTo(QUOTA);
    assertThat(onlySpan().getEvents()).hasSize(32);
    assertThat(call("cache.miss", "null")).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"[]", "{\"a\":null}", "{\"a\":[1]}", "{\"\":1}", "{\"a\":1e999}"})
  void attributes_of_another_form_are_bad_arguments(String attributes) throws InterruptedException {
    assertThat(call("cache.miss", attributes)).isEqualTo(BAD_ARGUMENTS);
    assertThat(onlySpan().getEvents()).isEmpty();
  }

  @Test
  void an_event_has_32_attributes_at_most() throws InterruptedException {
    StringBuilder attributes = new StringBuilder("{");
    for (int i = 0; i < 32; i++) {
      attributes.append("\"a").append(i).append("\":1,");
    }
    assertThat(call("cache.miss", attributes + "\"last\":1}")).isEqualTo(BAD_ARGUMENTS);
    attributes.setLength(attributes.length() - 1);
    assertThat(call("cache.miss", attributes + "}")).isZero();
  }

  @Test
  void a_plugin_without_the_grant_is_denied() throws InterruptedException {
    host.plugins().revoke("spans", "events.emit");
    assertThat(call("cache.miss", "null")).isEqualTo(DENIED);
    assertThat(onlySpan().getEvents()).isEmpty();
  }

  @Test
  void without_telemetry_an_event_does_nothing_to_the_applications_span()
      throws InterruptedException {
    host.close();
    open(OpenTelemetry.noop());
    Span span = telemetry.getTracer("app").spanBuilder("request").startSpan();
    try (Scope _ = span.makeCurrent()) {
      assertThat(call("cache.miss", "null")).isZero();
    } finally {
      span.end();
    }
    assertThat(onlySpan().getEvents()).isEmpty();
  }

  private SpanData onlySpan() {
    List<SpanData> ended = spans.getFinishedSpanItems();
    assertThat(ended).hasSize(1);
    spans.reset();
    return ended.getFirst();
  }

  private int call(String hook, String attributes) throws InterruptedException {
    try {
      return host.applyFilters(hook, StrictJson.parse(attributes.getBytes(StandardCharsets.UTF_8)))
          .value()
          .intValue();
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }
}
