package io.gonext.cli.testing;

import io.gonext.cli.testing.ProjectTests.Ran;
import java.util.ArrayList;
import java.util.List;

/** The Test Anything Protocol, version 13: a line for each test, with comments at failures. */
public final class TapReport {
  private TapReport() {}

  /** The lines of a report. */
  public static List<String> of(List<Ran> tests) {
    List<String> lines = new ArrayList<>(List.of("TAP version 13", "1.." + tests.size()));
    int number = 0;
    for (Ran ran : tests) {
      number++;
      // A hash would begin a directive, such as # SKIP.
      String name = ran.outcome().name().replace("\\", "\\\\").replace("#", "\\#");
      lines.add((ran.outcome().passed() ? "ok " : "not ok ") + number + " - " + name);
      ran.outcome().problems().forEach(problem -> lines.add("# " + problem));
      ran.outcome().lines().forEach(line -> lines.add("# " + line));
    }
    return lines;
  }
}
