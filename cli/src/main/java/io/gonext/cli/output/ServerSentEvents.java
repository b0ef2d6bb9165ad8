package io.gonext.cli.output;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/**
 * A stream of server-sent events, as the WHATWG's HTML standard has them, without {@code retry}.
 */
public final class ServerSentEvents {
  private ServerSentEvents() {}

  /**
   * An event.
   *
   * @param name empty for the default, {@code message}
   * @param id of the last event that had one; empty before that
   * @param data its lines are joined by line breaks
   */
  public record Event(String name, String id, String data) {}

  /** Receives events. */
  @FunctionalInterface
  public interface Sink {
    void accept(Event event) throws IOException;
  }

  /** Reads events until the stream ends. An event that has no data, or no end, is dropped. */
  public static void read(InputStream in, Sink sink) throws IOException {
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    StringBuilder data = new StringBuilder();
    String name = "";
    String id = "";
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.startsWith("data:")) {
        data.append(data.isEmpty() ? "" : "\n").append(value(line));
      } else if (line.startsWith("event:")) {
        name = value(line);
      } else if (line.startsWith("id:")) {
        id = value(line);
      } else if (line.isEmpty()) {
        if (!data.isEmpty()) {
          sink.accept(new Event(name, id, data.toString()));
          data.setLength(0);
        }
        name = "";
      }
    }
  }

  /** The value of a line {@code field: value}. */
  private static String value(String line) {
    String value = line.substring(line.indexOf(':') + 1);
    return value.startsWith(" ") ? value.substring(1) : value;
  }
}
