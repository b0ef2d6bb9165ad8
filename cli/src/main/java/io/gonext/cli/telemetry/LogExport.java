package io.gonext.cli.telemetry;

import io.gonext.cli.log.LogEvent;
import io.gonext.cli.log.StackText;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.logs.LogRecordBuilder;
import io.opentelemetry.api.logs.LoggerProvider;
import io.opentelemetry.api.logs.Severity;
import io.opentelemetry.context.Context;
import java.util.function.Consumer;

/** Passes log lines to OpenTelemetry, except those of its own SDK. Thread-safe. */
record LogExport(LoggerProvider loggers) implements Consumer<LogEvent> {
  private static final AttributeKey<String> PLUGIN = AttributeKey.stringKey("gonext.plugin");
  private static final AttributeKey<String> THREAD = AttributeKey.stringKey("thread.name");
  private static final AttributeKey<String> TYPE = AttributeKey.stringKey("exception.type");
  private static final AttributeKey<String> MESSAGE = AttributeKey.stringKey("exception.message");
  private static final AttributeKey<String> TRACE = AttributeKey.stringKey("exception.stacktrace");

  /** Its lines about a failed export would be exported. */
  static final String SDK = "io.opentelemetry";

  @Override
  public void accept(LogEvent event) {
    if (event.logger().startsWith(SDK)) {
      return;
    }
    LogRecordBuilder line =
        loggers
            .get(event.logger())
            .logRecordBuilder()
            .setTimestamp(event.at())
            .setContext(Context.current())
            .setSeverity(
                switch (event.level()) {
                  case TRACE -> Severity.TRACE;
                  case DEBUG -> Severity.DEBUG;
                  case INFO -> Severity.INFO;
                  case WARN -> Severity.WARN;
                  case ERROR -> Severity.ERROR;
                })
            .setSeverityText(event.level().name())
            .setBody(event.message())
            .setAttribute(THREAD, event.thread());
    if (!event.plugin().isEmpty()) {
      line.setAttribute(PLUGIN, event.plugin());
    }
    StackText failure = event.failure();
    if (failure != null) {
      line.setAttribute(TYPE, failure.type())
          .setAttribute(MESSAGE, failure.message())
          .setAttribute(TRACE, failure.trace());
    }
    line.emit();
  }
}
