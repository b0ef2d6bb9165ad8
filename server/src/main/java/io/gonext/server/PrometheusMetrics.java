package io.gonext.server;

import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.trace.Span;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.tracer.common.SpanContext;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/** The registry of a host that Prometheus scrapes. */
public final class PrometheusMetrics {
  private PrometheusMetrics() {}

  /**
   * A new registry with the metrics of the JVM and of the process. A measurement that is made
   * within a sampled span of OpenTelemetry may become an exemplar.
   */
  public static PrometheusMeterRegistry registry() {
    PrometheusRegistry registry = new PrometheusRegistry();
    JvmMetrics.builder().register(registry);
    return new PrometheusMeterRegistry(
        new StrictExemplars(), registry, Clock.SYSTEM, new CurrentSpan());
  }

  /**
   * Exemplars where OpenMetrics 1.0 allows them: at buckets and counters. Micrometer's default adds
   * them to the counts of summaries and histograms, too. Prometheus 2.42 then refuses the whole
   * scrape.
   */
  private static final class StrictExemplars implements PrometheusConfig {
    @Override
    public @Nullable String get(String key) {
      return null;
    }

    @Override
    public Properties prometheusProperties() {
      Properties properties = new Properties();
      properties.setProperty("io.prometheus.exporter.exemplarsOnAllMetricTypes", "false");
      return properties;
    }
  }

  /** The span of the thread that measures. */
  private static final class CurrentSpan implements SpanContext {
    @Override
    public @Nullable String getCurrentTraceId() {
      io.opentelemetry.api.trace.SpanContext span = Span.current().getSpanContext();
      return span.isValid() ? span.getTraceId() : null;
    }

    @Override
    public @Nullable String getCurrentSpanId() {
      io.opentelemetry.api.trace.SpanContext span = Span.current().getSpanContext();
      return span.isValid() ? span.getSpanId() : null;
    }

    @Override
    public boolean isCurrentSpanSampled() {
      return Span.current().getSpanContext().isSampled();
    }

    @Override
    public void markCurrentSpanAsExemplar() {
      Span.current().setAttribute(EXEMPLAR_ATTRIBUTE_NAME, EXEMPLAR_ATTRIBUTE_VALUE);
    }
  }
}
