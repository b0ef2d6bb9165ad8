package io.gonext.cli.log;

import io.gonext.engine.PlainText;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import java.time.Instant;
import java.util.logging.LogRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.MDC;
import org.slf4j.event.Level;

/**
 * Something that was logged. Its texts are bounded and harmless: each is one line, except for the
 * stack trace, whose lines are harmless one by one.
 *
 * @param plugin whose line it is, or that it is about; empty for none
 * @param failure the stack trace; null for none
 * @param span of the thread that logged
 */
public record LogEvent(
    Instant at,
    Level level,
    String logger,
    String thread,
    String message,
    String plugin,
    @Nullable StackText failure,
    SpanContext span) {
  /** The loggers of plugins. */
  static final String PLUGINS = "gonext.plugin.";

  private static final int MAX_NAME_CHARS = 256;

  /** To be called by the thread that logged. */
  static LogEvent of(LogRecord written) {
    String logger = PlainText.of(String.valueOf(written.getLoggerName()), MAX_NAME_CHARS);
    Throwable thrown = written.getThrown();
    return new LogEvent(
        written.getInstant(),
        Levels.of(written.getLevel()),
        logger,
        PlainText.of(Thread.currentThread().getName(), MAX_NAME_CHARS),
        PlainText.of(Levels.text(written)),
        plugin(logger),
        thrown == null ? null : StackText.of(thrown),
        Span.current().getSpanContext());
  }

  private static String plugin(String logger) {
    if (logger.startsWith(PLUGINS)) {
      return logger.substring(PLUGINS.length());
    }
    String named = MDC.get("gonext.plugin");
    return named == null ? "" : PlainText.of(named, MAX_NAME_CHARS);
  }
}
