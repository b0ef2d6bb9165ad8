package io.gonext.testkit.file;

import java.time.Duration;
import java.util.List;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a test came to.
 *
 * @param name of the test
 * @param problems what is not as expected, a sentence each; empty when it passed
 * @param lines what helps to find the cause: backtraces and log lines
 * @param took the time of the machine
 * @param then the expectation that would have passed; the test's own where it passed
 */
public record TestOutcome(
    String name, List<String> problems, List<String> lines, Duration took, ObjectNode then) {
  public TestOutcome {
    problems = List.copyOf(problems);
    lines = List.copyOf(lines);
  }

  /** Whether all was as expected. */
  public boolean passed() {
    return problems.isEmpty();
  }
}
