package io.gonext.cli.log;

import io.gonext.engine.PlainText;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Set;

/**
 * An exception for the log, bounded. Its message, which may come from a stranger, cannot begin a
 * line of its own.
 *
 * @param type the class of the exception
 * @param message its message, one line; empty for none
 * @param trace lines of the stack trace with all causes
 */
public record StackText(String type, String message, String trace) {
  private static final int MAX_CHARS = 16 * 1024;
  private static final int MAX_MESSAGE_CHARS = 1024;

  static StackText of(Throwable failure) {
    StringBuilder trace = new StringBuilder();
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    String before = "";
    for (Throwable each = failure; each != null && seen.add(each); each = each.getCause()) {
      trace.append(before).append(PlainText.of(each.toString(), MAX_MESSAGE_CHARS));
      for (StackTraceElement frame : each.getStackTrace()) {
        String line = PlainText.of(frame.toString(), MAX_MESSAGE_CHARS);
        if (trace.length() + line.length() > MAX_CHARS) {
          return new StackText(type(failure), message(failure), trace.append("\n\t...").toString());
        }
        trace.append("\n\tat ").append(line);
      }
      before = "\nCaused by: ";
    }
    return new StackText(type(failure), message(failure), trace.toString());
  }

  private static String type(Throwable failure) {
    return failure.getClass().getName();
  }

  private static String message(Throwable failure) {
    return PlainText.of(String.valueOf(failure.getMessage()), MAX_MESSAGE_CHARS);
  }
}
