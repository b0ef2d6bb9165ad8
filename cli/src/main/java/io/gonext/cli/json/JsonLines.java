package io.gonext.cli.json;

import io.gonext.engine.PlainText;
import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * JSON for scripts, one object a line, each flushed. Field names are stable; more may come. What
 * could steer a terminal stands as JSON's own escapes, which programs read as the same text.
 * Thread-safe.
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

  /** A value in one line. */
  public static String line(JsonNode value) {
    String json = new String(StrictJson.write(value), StandardCharsets.UTF_8);
    // Such characters occur inside of strings alone, where the escape is JSON's, too.
    return PlainText.of(json, Integer.MAX_VALUE);
  }

  /** The fields of something that happened, its name first: what a script waits for. */
  public static Map<String, Object> event(String event, Object... namesAndValues) {
    Map<String, Object> fields = fields("event", event);
    fields.putAll(fields(namesAndValues));
    return fields;
  }

  /** Fields in this order: names and values in turn. */
  public static Map<String, Object> fields(Object... namesAndValues) {
    Map<String, Object> fields = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      fields.put((String) namesAndValues[i], namesAndValues[i + 1]);
    }
    return fields;
  }

  /** With microseconds: an upload takes few milliseconds. */
  public static double millis(Duration duration) {
    return Math.round(duration.toNanos() / 1e3) / 1e3;
  }
}
