package io.gonext.cli.output;

import io.gonext.engine.PlainText;
import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Prints JSON for scripts, one object on each line, and flushes each line. Field names are stable;
 * later versions may add fields. Control characters are written as JSON escapes, so that they
 * cannot affect a terminal. Thread-safe.
 */
public final class JsonLines {
  private final PrintWriter out;

  public JsonLines(PrintWriter out) {
    this.out = out;
  }

  public void print(Map<String, Object> fields) {
    print(StrictJson.valueOf(fields));
  }

  public synchronized void print(JsonNode value) {
    out.println(line(value));
    out.flush();
  }

  /** A value as one line. */
  public static String line(JsonNode value) {
    String json = new String(StrictJson.write(value), StandardCharsets.UTF_8);
    // Such characters occur only inside strings, where this escape is valid JSON.
    return PlainText.of(json, Integer.MAX_VALUE);
  }

  /** The fields of an event, with its name first in the field {@code event}. */
  public static Map<String, Object> event(String event, Object... namesAndValues) {
    Map<String, Object> fields = fields("event", event);
    fields.putAll(fields(namesAndValues));
    return fields;
  }

  /** Fields in the given order: a name, its value, the next name and so on. */
  public static Map<String, Object> fields(Object... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }

  /** A duration in milliseconds, with three decimal places. */
  public static double millis(Duration duration) {
    return Math.round(duration.toNanos() / 1e3) / 1e3;
  }
}
