package io.gonext.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.context.Scope;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import org.junit.jupiter.api.Test;
import org.slf4j.MDC;
import tools.jackson.databind.JsonNode;

class LogLinesTest {
  private static final String TRACE = "0af7651916cd43dd8448eb211c80319c";
  private static final String SPAN = "b7ad6b7169203331";

  private final ByteArrayOutputStream written = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(written, true, StandardCharsets.UTF_8);
  private final RecentLines recent = new RecentLines();

  @Test
  void a_json_line_has_the_field_names_of_the_elastic_common_schema() throws Exception {
    JsonNode line = json(record(Level.WARNING, "io.gonext.host.Host", "a store is slow"));
    assertThat(line.propertyNames())
        .containsExactly(
            "@timestamp",
            "log.level",
            "message",
            "ecs.version",
            "log.logger",
            "process.thread.name",
            "service.name",
            "service.version");
    assertThat(line.path("@timestamp").stringValue()).isEqualTo("2026-11-30T12:00:00.123Z");
    assertThat(line.path("log.level").stringValue()).isEqualTo("warn");
    assertThat(line.path("message").stringValue()).isEqualTo("a store is slow");
    assertThat(line.path("log.logger").stringValue()).isEqualTo("io.gonext.host.Host");
    assertThat(line.path("service.version").stringValue()).isEqualTo("9.9.9");
  }

  @Test
  void a_json_line_names_the_plugin_that_it_is_about() throws Exception {
    assertThat(json(record(Level.INFO, "gonext.plugin.hello", "hi")).path("gonext.plugin"))
        .hasToString("\"hello\"");
    try (var _ = MDC.putCloseable("gonext.plugin", "other")) {
      assertThat(json(record(Level.INFO, "io.gonext.host.Host", "x")).path("gonext.plugin"))
          .hasToString("\"other\"");
    }
    assertThat(json(record(Level.INFO, "io.gonext.host.Host", "x")).has("gonext.plugin")).isFalse();
  }

  @Test
  void a_json_line_has_the_ids_of_the_current_span() throws Exception {
    SpanContext context =
        SpanContext.create(TRACE, SPAN, TraceFlags.getSampled(), TraceState.getDefault());
    try (Scope _ = Span.wrap(context).makeCurrent()) {
      JsonNode line = json(record(Level.INFO, "io.gonext.host.Host", "x"));
      assertThat(line.path("trace.id").stringValue()).isEqualTo(TRACE);
      assertThat(line.path("span.id").stringValue()).isEqualTo(SPAN);
    }
  }

  @Test
  void hostile_text_stays_in_its_field_of_one_json_line() throws Exception {
    String hostile =
        "a\"},\n{\"message\":\"forged\"}\r\u0085\u2028\u2029\u0000\u001b[2J\u202Eb\uD800 \\";
    LogRecord record = record(Level.SEVERE, "gonext.plugin.hello", hostile);
    record.setThrown(new IllegalStateException(hostile, new RuntimeException(hostile)));
    JsonNode line = json(record);
    assertThat(line.path("message").stringValue()).contains("forged").doesNotContain("\n");
    assertThat(line.path("error.type").stringValue()).endsWith("IllegalStateException");
    assertThat(line.path("error.message").stringValue()).contains("forged").doesNotContain("\n");
    assertThat(line.path("error.stack_trace").stringValue().lines())
        .hasSizeGreaterThan(3)
        .allMatch(each -> each.matches("(java.lang.|Caused by: |\tat |\t\\.\\.\\.).*"));
    assertThat(text().codePoints())
        .noneMatch(c -> (c < ' ' && c != '\n') || c == 0x85 || c == 0x2028 || c == 0x202E);
  }

  @Test
  void hostile_text_cannot_begin_a_line_of_the_text_format() {
    LogRecord record = record(Level.SEVERE, "io.gonext.x", "a\n2026 forged");
    record.setThrown(new IllegalStateException("b\n2026 forged"));
    publish(LogFormat.TEXT, record);
    assertThat(text())
        .startsWith("2026-11-30 12:00:00.123 ERROR io.gonext.x - a\\n2026 forged\njava.lang.");
    assertThat(text().lines()).noneMatch(line -> line.startsWith("2026 forged"));
  }

  @Test
  void a_json_line_has_at_most_128_kib() throws Exception {
    LogRecord record = record(Level.SEVERE, "\u4E2D".repeat(100_000), "\u4E2D\"".repeat(1_000_000));
    Throwable cause = new IllegalStateException("\u4E2D".repeat(100_000));
    for (int i = 0; i < 1000; i++) {
      cause = new IllegalStateException("\u4E2D\n".repeat(100_000), cause);
    }
    record.setThrown(cause);
    json(record);
    assertThat(written.size()).isLessThan(128 * 1024);
  }

  @Test
  void the_last_lines_are_kept_and_no_more() {
    for (int i = 0; i < RecentLines.MAX_LINES + 5; i++) {
      publish(LogFormat.TEXT, record(Level.INFO, "io.gonext.x", "line " + i));
    }
    List<String> kept = recent.list();
    assertThat(kept).hasSize(RecentLines.MAX_LINES);
    assertThat(kept.getFirst()).endsWith("line 5");
    for (int i = 0; i < 200; i++) {
      publish(LogFormat.TEXT, record(Level.INFO, "io.gonext.x", "y".repeat(4096)));
    }
    assertThat(recent.list().stream().mapToInt(String::length).sum())
        .isLessThanOrEqualTo(RecentLines.MAX_CHARS);
  }

  private JsonNode json(LogRecord record) throws InvalidJsonException {
    written.reset();
    publish(LogFormat.JSON, record);
    assertThat(text().lines()).hasSize(1);
    return StrictJson.parse(text().strip().getBytes(StandardCharsets.UTF_8));
  }

  private void publish(LogFormat format, LogRecord record) {
    new LineHandler(new LogLines(format, ZoneOffset.UTC, "9.9.9"), () -> out, recent)
        .publish(record);
  }

  private String text() {
    return written.toString(StandardCharsets.UTF_8);
  }

  private static LogRecord record(Level level, String logger, String message) {
    LogRecord record = new LogRecord(level, message);
    record.setLoggerName(logger);
    record.setInstant(Instant.parse("2026-11-30T12:00:00.123Z"));
    return record;
  }
}
