package io.gonext.cli;

import io.gonext.cli.output.JsonLines;
import java.time.Duration;
import java.util.Locale;

/**
 * Prints the steps of the demo with their durations, values and checks. People see only the checks
 * that failed.
 */
final class Report {
  private final Events events;
  private int checks;
  private int failures;

  Report(Events events) {
    this.events = events;
  }

  /** Prints a line for people, and nothing for scripts. */
  void line(String text) {
    events.tellPeople(text);
  }

  /** Prints a step that began at {@code beginNanos} of {@link System#nanoTime} and ends now. */
  void step(String what, long beginNanos, String outcome) {
    Duration took = Duration.ofNanos(System.nanoTime() - beginNanos);
    events.tell(
        "step",
        "%-34s %11s   %s".formatted(what, time(took), outcome),
        "step",
        what,
        "ms",
        JsonLines.millis(took),
        "outcome",
        outcome);
  }

  void value(String label, String text) {
    events.tell(
        "value",
        "    %-5s %s".formatted(label, text.replace("\n", "\\n")),
        "label",
        label,
        "value",
        text);
  }

  /** Counts a check of the last step. */
  void check(String what, Object expected, Object found) {
    boolean passed = expected.equals(found);
    checks++;
    if (!passed) {
      failures++;
      line("    FAILED: " + what + " should be " + expected + " but is " + found);
    }
    events.tellScripts(
        "check",
        "check",
        what,
        "passed",
        passed,
        "expected",
        expected.toString(),
        "found",
        found.toString());
  }

  /**
   * Prints the number of checks.
   *
   * @return whether all of them passed
   */
  boolean summary() {
    line("");
    events.tell(
        "summary",
        "%d checks passed, %d failed".formatted(checks - failures, failures),
        "passed",
        checks - failures,
        "failed",
        failures);
    return failures == 0;
  }

  static String time(Duration time) {
    double micros = time.toNanos() / 1e3;
    return micros < 1_000
        ? String.format(Locale.ROOT, "%.1f us", micros)
        : String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
  }
}
