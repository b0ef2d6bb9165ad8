package io.gonext.cli.telemetry;

import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.common.CompletableResultCode;
import io.opentelemetry.sdk.logs.LogRecordProcessor;
import io.opentelemetry.sdk.logs.ReadWriteLogRecord;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;

/** In front of the SDK's queues: what would not fit is dropped here, where it is counted. */
final class BoundedProcessors {
  private BoundedProcessors() {}

  record Spans(SpanProcessor to, Backlog backlog) implements SpanProcessor {
    @Override
    public void onStart(Context parent, ReadWriteSpan span) {
      to.onStart(parent, span);
    }

    @Override
    public boolean isStartRequired() {
      return to.isStartRequired();
    }

    @Override
    public void onEnd(ReadableSpan span) {
      if (span.getSpanContext().isSampled() && backlog.take()) {
        to.onEnd(span);
      }
    }

    @Override
    public boolean isEndRequired() {
      return true;
    }

    @Override
    public CompletableResultCode shutdown() {
      return to.shutdown();
    }

    @Override
    public CompletableResultCode forceFlush() {
      return to.forceFlush();
    }
  }

  record Logs(LogRecordProcessor to, Backlog backlog) implements LogRecordProcessor {
    @Override
    public void onEmit(Context context, ReadWriteLogRecord line) {
      if (backlog.take()) {
        to.onEmit(context, line);
      }
    }

    @Override
    public CompletableResultCode shutdown() {
      return to.shutdown();
    }

    @Override
    public CompletableResultCode forceFlush() {
      return to.forceFlush();
    }
  }
}
