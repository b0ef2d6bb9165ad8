package io.gonext.cli.telemetry;

import io.gonext.cli.log.ProcessLog;
import io.gonext.server.LogLevel;
import io.micrometer.core.instrument.MeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.common.Clock;
import io.opentelemetry.sdk.resources.Resource;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Exports traces, metrics and log lines to a collector by OTLP over HTTP. The standard variables
 * {@code OTEL_*} set everything but the URL and the protocol. A call never waits for the collector:
 * what does not fit into a queue is dropped and counted.
 *
 * <p>Thread-safe.
 */
public final class Telemetry implements AutoCloseable {
  /** How long a close waits for the last export. */
  private static final Duration LAST_EXPORT = Duration.ofSeconds(5);

  private static final int QUEUE = 2048;
  private static final int MAX_ATTRIBUTE_CHARS = 4096;

  private final OpenTelemetrySdk sdk;
  private final Runnable endLogs;
  private final Duration lastExport;

  private Telemetry(OpenTelemetrySdk sdk, Runnable endLogs, Duration lastExport) {
    this.sdk = sdk;
    this.endLogs = endLogs;
    this.lastExport = lastExport;
  }

  /**
   * Starts the export.
   *
   * @param collector the URL, to which the exporters add {@code /v1/traces} and so on
   * @param meters whose metrics are exported; also counts what is dropped
   * @param log whose lines are exported
   * @param version of the host
   * @throws IllegalArgumentException when a variable {@code OTEL_*} is wrong
   */
  public static Telemetry start(
      URI collector, MeterRegistry meters, ProcessLog log, String version, LongSupplier nanoTime) {
    return start(collector, meters, log, version, nanoTime, LAST_EXPORT);
  }

  /**
   * @param lastExport how long a close waits
   */
  static Telemetry start(
      URI collector,
      MeterRegistry meters,
      ProcessLog log,
      String version,
      LongSupplier nanoTime,
      Duration lastExport) {
    // Collector says what these would say for each export.
    log.setLevel(LogExport.SDK, Optional.of(LogLevel.OFF));
    Collector state = new Collector(collector, meters, nanoTime);
    Backlog spans = state.backlog(Signal.TRACES, QUEUE);
    Backlog lines = state.backlog(Signal.LOGS, QUEUE);
    try {
      OpenTelemetrySdk sdk =
          AutoConfiguredOpenTelemetrySdk.builder()
              .disableShutdownHook()
              .addPropertiesSupplier(Telemetry::defaults)
              .addPropertiesCustomizer(variables -> forced(collector, variables))
              .addResourceCustomizer((resource, _) ->
                  Resource.builder().put("service.version", version).build().merge(resource))
              .addSpanExporterCustomizer((to, _) -> new WatchedExporters.Spans(to, state, spans))
              .addSpanProcessorCustomizer((to, _) -> new BoundedProcessors.Spans(to, spans))
              .addLogRecordExporterCustomizer(
                  (to, _) -> new WatchedExporters.Logs(to, state, lines))
              .addLogRecordProcessorCustomizer((to, _) -> new BoundedProcessors.Logs(to, lines))
              .addMetricExporterCustomizer((to, _) -> new WatchedExporters.Metrics(to, state))
              .addMeterProviderCustomizer((builder, _) ->
                  builder.registerMetricProducer(new MeterExport(meters, Clock.getDefault())))
              .build()
              .getOpenTelemetrySdk();
      return new Telemetry(sdk, log.listen(new LogExport(sdk.getSdkLoggerProvider())), lastExport);
    } catch (ConfigurationException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }

  /** What the variables may change. */
  private static Map<String, String> defaults() {
    return Map.of(
        "otel.service.name",
        "gonext",
        // Not "baggage", which strangers could send through the host to other servers.
        "otel.propagators",
        "tracecontext",
        "otel.exporter.otlp.compression",
        "gzip",
        "otel.attribute.value.length.limit",
        Integer.toString(MAX_ATTRIBUTE_CHARS));
  }

  /** What the variables must not change. */
  private static Map<String, String> forced(URI collector, ConfigProperties variables) {
    String protocol = variables.getString("otel.exporter.otlp.protocol", "http/protobuf");
    if (!protocol.equals("http/protobuf")) {
      throw new ConfigurationException(
          "OTEL_EXPORTER_OTLP_PROTOCOL is " + protocol + ": the host exports http/protobuf only");
    }
    return Map.of(
        "otel.exporter.otlp.endpoint",
        collector.toString(),
        "otel.exporter.otlp.protocol",
        protocol,
        "otel.bsp.max.queue.size",
        Integer.toString(QUEUE),
        "otel.blrp.max.queue.size",
        Integer.toString(QUEUE));
  }

  /** For the host and its server. */
  public OpenTelemetry openTelemetry() {
    return sdk;
  }

  /** Exports what is left, for at most some seconds. */
  @Override
  public void close() {
    endLogs.run();
    // The SDK's own close may wait for longer than it is asked to.
    Thread last =
        Thread.ofPlatform()
            .daemon()
            .name("gonext-last-export")
            .start(() -> sdk.shutdown().join(lastExport.toMillis(), TimeUnit.MILLISECONDS));
    try {
      var _ = last.join(lastExport);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
