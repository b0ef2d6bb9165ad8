package io.gonext.cli.profile;

import io.gonext.host.PluginProfile;
import io.gonext.host.PluginProfile.Frame;
import io.gonext.host.PluginProfile.Stack;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** A profile as lines of text. */
final class ProfileText {
  private static final int MOST_NAME_CHARS = 100;

  private ProfileText() {}

  /**
   * A function, or a line.
   *
   * @param own what its own code counted
   * @param total with what it called
   */
  record Row(String function, boolean isHost, long own, long total) {}

  /** The functions, those with most in their own code first. */
  static List<Row> rows(PluginProfile profile) {
    Map<String, Row> rows = new HashMap<>();
    for (Stack stack : profile.stacks()) {
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < stack.frames().size(); i++) {
        Frame frame = stack.frames().get(i);
        long own = i == stack.frames().size() - 1 ? stack.weight() : 0;
        // A function that calls itself is counted once.
        long total = seen.add(frame.function()) ? stack.weight() : 0;
        rows.merge(
            frame.function(),
            new Row(frame.function(), frame.isHost(), own, total),
            ProfileText::sum);
      }
    }
    return sorted(rows);
  }

  /** The lines with most in their own code. */
  static List<Row> lines(PluginProfile profile) {
    Map<String, Row> rows = new HashMap<>();
    for (Stack stack : profile.stacks()) {
      Frame last = stack.frames().getLast();
      if (last.file() != null) {
        String place = last.file() + ":" + last.line();
        rows.merge(place, new Row(place, false, stack.weight(), stack.weight()), ProfileText::sum);
      }
    }
    return sorted(rows);
  }

  private static Row sum(Row one, Row other) {
    return new Row(one.function, one.isHost, one.own + other.own, one.total + other.total);
  }

  private static List<Row> sorted(Map<String, Row> rows) {
    return rows.values().stream()
        .sorted(
            Comparator.comparingLong(Row::own)
                .thenComparingLong(Row::total)
                .reversed()
                .thenComparing(Row::function))
        .toList();
  }

  static String unit(PluginProfile profile) {
    return profile.unit() == PluginProfile.Unit.FUEL ? "units of fuel" : "samples";
  }

  /** What was counted, in a sentence. */
  static String summary(PluginProfile profile) {
    return profile.unit() == PluginProfile.Unit.FUEL
        ? String.format(
            Locale.ROOT,
            "%,d units of fuel, exact: the same in each run. Calls are not told apart by their"
                + " callers.",
            profile.total())
        : String.format(
            Locale.ROOT,
            "%,d samples of the plugin in %.1f s; %,d of other code. Time in which threads wait is"
                + " not in it.",
            profile.total(),
            profile.seconds(),
            profile.others());
  }

  /** The summary, and tables of the functions and lines with most. */
  static List<String> text(PluginProfile profile, int most) {
    var text = new ArrayList<String>();
    text.add(profile.plugin() + "@" + profile.version() + ": " + summary(profile));
    table("FUNCTION", rows(profile), profile, most, text);
    List<Row> lines = lines(profile);
    if (!lines.isEmpty()) {
      table("LINE", lines, profile, most, text);
    }
    return text;
  }

  private static void table(
      String head, List<Row> rows, PluginProfile profile, int most, List<String> text) {
    boolean hasCallees = profile.unit() == PluginProfile.Unit.SAMPLES && head.equals("FUNCTION");
    long total = Math.max(1, profile.total());
    text.add("");
    text.add(String.format("%15s  %6s  %s%s", "OWN", "OWN %", hasCallees ? " ALL %  " : "", head));
    for (Row row : rows.stream().filter(any -> any.total > 0).limit(most).toList()) {
      String name =
          row.function.length() > MOST_NAME_CHARS
              ? row.function.substring(0, MOST_NAME_CHARS) + "..."
              : row.function;
      text.add(
          String.format(
              Locale.ROOT,
              "%,15d  %6.2f  %s%s%s",
              row.own,
              100.0 * row.own / total,
              hasCallees ? String.format(Locale.ROOT, "%6.2f  ", 100.0 * row.total / total) : "",
              name,
              row.isHost ? " (host)" : ""));
    }
  }
}
