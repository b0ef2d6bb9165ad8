package io.gonext.cli.telemetry;

import io.gonext.cli.log.LogFormat;
import io.gonext.cli.log.ProcessLog;
import io.gonext.cli.output.OptionPairs;
import io.gonext.host.Host;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import java.net.URI;
import java.net.URISyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options of {@code serve} for OpenTelemetry. */
public final class TelemetryOptions {
  /** Records nothing, and lets what a request begins continue the request's trace. */
  private static final OpenTelemetry PASSING =
      OpenTelemetry.propagating(ContextPropagators.create(W3CTraceContextPropagator.getInstance()));

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--otlp",
      paramLabel = "URL",
      defaultValue = "${env:GONEXT_OTLP}",
      description = {
        "Export traces, metrics and log lines to this",
        "OpenTelemetry collector by OTLP over HTTP, such as",
        "http://127.0.0.1:4318. The variable GONEXT_OTLP",
        "does the same. The variables OTEL_* of",
        "OpenTelemetry set headers, certificates and",
        "sampling (default: nothing is exported)."
      })
  private @Nullable String url;

  @Option(
      names = "--no-fetch-traceparent",
      description =
          "Do not send the headers traceparent and tracestate with the HTTP requests of plugins.")
  private boolean withoutFetches;

  /**
   * What the host and its server record to.
   *
   * @param host decides what the requests of plugins carry
   * @param close exports what is left; run it when the host is closed
   */
  public record Sinks(OpenTelemetry server, OpenTelemetry host, Runnable close) {}

  /**
   * Starts the export, if there is one. Otherwise log lines in JSON still have the trace of a
   * request that came with one.
   *
   * @throws ParameterException for a wrong URL or variable
   */
  public Sinks start(MeterRegistry meters, ProcessLog log, LogFormat format) {
    if (url == null || url.isBlank()) {
      if (format == LogFormat.JSON) {
        return sinks(PASSING, () -> {});
      }
      OptionPairs.requireWith(spec, "--otlp", "--no-fetch-traceparent");
      return new Sinks(OpenTelemetry.noop(), OpenTelemetry.noop(), () -> {});
    }
    URI collector = collector(url.strip());
    try {
      Telemetry telemetry =
          Telemetry.start(collector, meters, log, Host.version(), System::nanoTime);
      return sinks(telemetry.openTelemetry(), telemetry::close);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), "--otlp: " + e.getMessage(), e);
    }
  }

  private Sinks sinks(OpenTelemetry all, Runnable close) {
    return new Sinks(all, withoutFetches ? new Unpropagated(all) : all, close);
  }

  private URI collector(String text) {
    String problem = "give it as http://HOST:PORT";
    try {
      URI uri = new URI(text);
      if (uri.getRawUserInfo() != null) {
        problem = "leave out user and password, and put them into OTEL_EXPORTER_OTLP_HEADERS";
      } else if (uri.getHost() != null
          && ("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
          && uri.getRawQuery() == null
          && uri.getRawFragment() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Refused below. The text is not repeated, since it may hold a password.
    }
    throw new ParameterException(
        spec.commandLine(), "the URL of --otlp (or GONEXT_OTLP) is wrong: " + problem);
  }
}
