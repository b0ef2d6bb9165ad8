package io.gonext.cli.output;

import io.gonext.host.hook.TurnFailure;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The backtrace of a guest. */
public final class Backtrace {
  private Backtrace() {}

  /** One line for each frame, innermost first; frames of a recursion share a line. */
  public static List<String> lines(List<TurnFailure.Frame> frames) {
    List<String> lines = new ArrayList<>();
    int at = 0;
    while (at < frames.size()) {
      int next = at + 1;
      while (next < frames.size() && frames.get(next).equals(frames.get(at))) {
        next++;
      }
      int times = next - at;
      lines.add("at " + frames.get(at) + (times > 1 ? ", " + times + " times" : ""));
      at = next;
    }
    return lines;
  }

  /** One object for each frame, for JSON. */
  public static List<Map<String, Object>> fields(List<TurnFailure.Frame> frames) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (TurnFailure.Frame frame : frames) {
      Map<String, Object> fields = JsonLines.fields("function", frame.function());
      if (frame.codeOffset() >= 0) {
        fields.put("offset", frame.codeOffset());
      }
      if (frame.source() != null) {
        fields.put("source", frame.source());
      }
      list.add(fields);
    }
    return list;
  }
}
