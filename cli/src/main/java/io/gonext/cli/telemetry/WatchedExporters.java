package io.gonext.cli.telemetry;

import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.common.export.MemoryMode;
import io.opentelemetry.sdk.logs.data.LogRecordData;
import io.opentelemetry.sdk.logs.export.LogRecordExporter;
import io.opentelemetry.sdk.metrics.Aggregation;
import io.opentelemetry.sdk.metrics.InstrumentType;
import io.opentelemetry.sdk.metrics.data.AggregationTemporality;
import io.opentelemetry.sdk.metrics.data.MetricData;
import io.opentelemetry.sdk.metrics.export.MetricExporter;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SpanExporter;
import java.util.Collection;

/** Exporters that report to a {@link Collector} how each export ended. */
final class WatchedExporters {
  private WatchedExporters() {}

  record Spans(SpanExporter to, Collector collector, Backlog backlog) implements SpanExporter {
    @Override
    public CompletableResultCode export(Collection<SpanData> spans) {
      backlog.left(spans.size());
      return collector.watch(Signal.TRACES, spans.size(), to.export(spans));
    }

    @Override
    public CompletableResultCode flush() {
      return to.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return to.shutdown();
    }
  }

  record Logs(LogRecordExporter to, Collector collector, Backlog backlog)
      implements LogRecordExporter {
    @Override
    public CompletableResultCode export(Collection<LogRecordData> logs) {
      backlog.left(logs.size());
      return collector.watch(Signal.LOGS, logs.size(), to.export(logs));
    }

    @Override
    public CompletableResultCode flush() {
      return to.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return to.shutdown();
    }
  }

  /** The next export has the same metrics, so that a failure loses one export and no counts. */
  record Metrics(MetricExporter to, Collector collector) implements MetricExporter {
    @Override
    public CompletableResultCode export(Collection<MetricData> metrics) {
      return collector.watch(Signal.METRICS, 1, to.export(metrics));
    }

    @Override
    public AggregationTemporality getAggregationTemporality(InstrumentType type) {
      return to.getAggregationTemporality(type);
    }

    @Override
    public Aggregation getDefaultAggregation(InstrumentType type) {
      return to.getDefaultAggregation(type);
    }

    @Override
    public MemoryMode getMemoryMode() {
      return to.getMemoryMode();
    }

    @Override
    public CompletableResultCode flush() {
      return to.flush();
    }

    @Override
    public CompletableResultCode shutdown() {
      return to.shutdown();
    }
  }
}
