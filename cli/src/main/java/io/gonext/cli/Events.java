package io.gonext.cli;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.PlainWriter;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/** Prints what a command that serves is doing: sentences for people, or events in JSON. */
final class Events {
  private final PrintWriter out;

  /** Null for people. */
  private final @Nullable JsonLines json;

  Events(PrintWriter out, boolean isJson) {
    this.out = new PlainWriter(out);
    this.json = isJson ? new JsonLines(out) : null;
  }

  /** Prints a sentence for people, or an event with these fields for scripts. */
  void tell(String event, String sentence, Object... namesAndValues) {
    if (json == null) {
      out.println(sentence);
    } else {
      json.print(JsonLines.event(event, namesAndValues));
    }
  }

  /** Prints an event for scripts, and nothing for people. */
  void tellScripts(String event, Object... namesAndValues) {
    if (json != null) {
      json.print(JsonLines.event(event, namesAndValues));
    }
  }

  /** Prints a line for people, and nothing for scripts. */
  void tellPeople(String line) {
    if (json == null) {
      out.println(line);
    }
  }
}
