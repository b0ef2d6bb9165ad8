package io.gonext.cli.profile;

import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;

/**
 * A profile in the format of Brendan Gregg's flamegraph.pl: a line for each stack, the outermost
 * function first, semicolons between them, then a space and what was counted.
 */
final class CollapsedStacks {
  private CollapsedStacks() {}

  static byte[] bytes(PluginProfile profile) {
    Map<String, Long> lines = new TreeMap<>();
    for (Stack stack : profile.stacks()) {
      var line = new StringBuilder();
      if (stack.isCut()) {
        line.append("(callers that are not known)");
      }
      for (Frame frame : stack.frames()) {
        line.append(line.isEmpty() ? "" : ";").append(plain(frame.function()));
      }
      lines.merge(line.toString(), stack.weight(), Long::sum);
    }
    var text = new StringBuilder();
    lines.forEach((line, weight) -> text.append(line).append(' ').append(weight).append('\n'));
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** A name must not end its frame or its line. */
  private static String plain(String name) {
    return name.replace(';', ':').replaceAll("[\\r\\n]", " ");
  }
}
