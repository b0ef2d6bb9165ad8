package io.gonext.server;

import io.micrometer.core.instrument.Clock;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.opentelemetry.api.trace.Span;
import io.prometheus.metrics.instrumentation.jvm.JvmBufferPoolMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmClassLoadingMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmCompilationMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmGarbageCollectorMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmMemoryPoolAllocationMetrics;
import io.prometheus.metrics.instrumentation.jvm.JvmRuntimeInfoMetric;
import io.prometheus.metrics.instrumentation.jvm.JvmThreadsMetrics;
import io.prometheus.metrics.instrumentation.jvm.ProcessMetrics;
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
    registerJvm(registry);
    return new PrometheusMeterRegistry(
        new StrictExemplars(), registry, Clock.SYSTEM, new CurrentSpan());
  }

  /**
   * All that {@code JvmMetrics} registers, without native memory: to find out that the JVM was not
   * started to track it, that one has the JVM describe every diagnostic command, at each start.
   */
  private static void registerJvm(PrometheusRegistry registry) {
    JvmThreadsMetrics.builder().register(registry);
    JvmBufferPoolMetrics.builder().register(registry);
    JvmClassLoadingMetrics.builder().register(registry);
    JvmCompilationMetrics.builder().register(registry);
    JvmGarbageCollectorMetrics.builder().register(registry);
    JvmMemoryPoolAllocationMetrics.builder().register(registry);
    JvmMemoryMetrics.builder().register(registry);
    JvmRuntimeInfoMetric.builder().register(registry);
    ProcessMetrics.builder().register(registry);
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
