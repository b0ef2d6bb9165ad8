package io.gonext.cli.log;

import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Writes events as lines. Thread-safe.
 *
 * @param zone of the times for people; machines get UTC
 * @param version of the host, in JSON
 */
record LogLines(LogFormat format, ZoneId zone, String version) {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS", Locale.ROOT);

  /** The event without the end of its last line. */
  String line(LogEvent event) {
    return switch (format) {
      case TEXT -> text(event);
      case JSON -> new String(StrictJson.write(json(event)), StandardCharsets.UTF_8);
    };
  }

  private String text(LogEvent event) {
    String line =
        TIME.format(event.at().atZone(zone))
            + " "
            + event.level()
            + " "
            + event.logger()
            + " - "
            + event.message();
    return event.failure() == null ? line : line + "\n" + event.failure().trace();
  }

  private ObjectNode json(LogEvent event) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("@timestamp", event.at().toString())
        .put("log.level", event.level().name().toLowerCase(Locale.ROOT))
        .put("message", event.message())
        .put("ecs.version", "8.11.0")
        .put("log.logger", event.logger())
        .put("process.thread.name", event.thread())
        .put("service.name", "gonext")
        .put("service.version", version);
    if (!event.plugin().isEmpty()) {
      json.put("gonext.plugin", event.plugin());
    }
    if (event.span().isValid()) {
      json.put("trace.id", event.span().getTraceId()).put("span.id", event.span().getSpanId());
    }
    StackText failure = event.failure();
    if (failure != null) {
      json.put("error.type", failure.type())
          .put("error.message", failure.message())
          .put("error.stack_trace", failure.trace());
    }
    return json;
  }
}
