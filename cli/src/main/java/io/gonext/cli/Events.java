package io.gonext.cli;

import io.gonext.cli.json.JsonLines;
import io.gonext.cli.text.PlainWriter;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** What a command that serves tells as it goes: sentences for people or, as JSON, events. */
final class Events {
  private final PrintWriter out;

  /** Null for people. */
  private final @Nullable JsonLines json;

  Events(PrintWriter out, boolean isJson) {
    this.out = new PlainWriter(out);
    this.json = isJson ? new JsonLines(out) : null;
  }

  /** Tells scripts an event with these fields, or people a sentence. */
  void tell(String event, String sentence, Object... namesAndValues) {
    if (json == null) {
      out.println(sentence);
    } else {
      json.print(JsonLines.event(event, namesAndValues));
    }
  }

  /** Tells scripts what people need not be told. */
  void tellScripts(String event, Object... namesAndValues) {
    if (json != null) {
      json.print(JsonLines.event(event, namesAndValues));
    }
  }

  /** Tells people what scripts need not be told. */
  void tellPeople(String line) {
    if (json == null) {
      out.println(line);
    }
  }
}
