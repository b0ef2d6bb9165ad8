package io.gonext.cli.telemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.server.LogLevel;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Context;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParameterException;

@Isolated("it replaces the JVM's log")
class TelemetryOptionsTest {
  private static final Context CALL =
      Context.root()
          .with(
              Span.wrap(
                  SpanContext.create(
                      "4bf92f3577b34da6a3ce929d0e0e4736",
                      "00f067aa0ba902b7",
                      TraceFlags.getSampled(),
                      TraceState.getDefault())));

  @Command(name = "serve")
  private static final class Serve {
    @Mixin private TelemetryOptions options;
  }

  @Test
  void without_options_nothing_is_recorded_or_passed_on() {
    TelemetryOptions.Sinks sinks = sinks(LogFormat.TEXT);
    assertThat(sinks.host()).isSameAs(OpenTelemetry.noop());
    assertThat(sinks.server()).isSameAs(OpenTelemetry.noop());
  }

  @Test
  void with_json_logs_a_request_passes_its_trace_on() {
    assertThat(headers(sinks(LogFormat.JSON).host())).containsOnlyKeys("traceparent");
  }

  @Test
  void an_operator_can_keep_traces_from_other_servers() {
    TelemetryOptions.Sinks sinks = sinks(LogFormat.JSON, "--no-fetch-traceparent");
    assertThat(headers(sinks.host())).isEmpty();
    assertThat(headers(sinks.server())).containsOnlyKeys("traceparent");
    TelemetryOptions.Sinks exporting =
        sinks(LogFormat.TEXT, "--otlp", "http://127.0.0.1:1", "--no-fetch-traceparent");
    exporting.close().run();
    assertThat(headers(exporting.host())).isEmpty();
    assertThat(headers(exporting.server())).containsOnlyKeys("traceparent");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"ftp://x", "http://", "nonsense", "http://u:hunter2@h", "http://h?key=hunter2"})
  void a_wrong_url_is_refused_without_being_repeated(String url) {
    assertThatThrownBy(() -> sinks(LogFormat.TEXT, "--otlp", url))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("the URL of --otlp (or GONEXT_OTLP) is wrong")
        .hasMessageNotContaining("hunter2");
  }

  @Test
  void an_option_without_effect_is_refused() {
    assertThatThrownBy(() -> sinks(LogFormat.TEXT, "--no-fetch-traceparent"))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("--no-fetch-traceparent is for --otlp");
  }

  private static TelemetryOptions.Sinks sinks(LogFormat format, String... arguments) {
    Serve serve = new Serve();
    new CommandLine(serve).parseArgs(arguments);
    return serve.options.start(
        new SimpleMeterRegistry(),
        ProcessLog.start(LogFormat.TEXT, LogLevel.INFO, false, "1"),
        format);
  }

  private static Map<String, String> headers(OpenTelemetry telemetry) {
    Map<String, String> headers = new HashMap<>();
    telemetry
        .getPropagators()
        .getTextMapPropagator()
        .inject(CALL, headers, (carrier, name, value) -> headers.put(name, value));
    return headers;
  }
}
