package io.gonext.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;

/** What a demonstration prints: steps with their times, values, and checks that failed. */
final class Report {
  private final PrintWriter out;
  private int checks;
  private int failures;

  Report(PrintWriter out) {
    this.out = out;
  }

  void line(String text) {
    out.println(text);
  }

  /** A step that began at {@code beginNanos} of {@link System#nanoTime} and ended now. */
  void step(String what, long beginNanos, String outcome) {
    long took = System.nanoTime() - beginNanos;
    out.println("%-34s %11s   %s".formatted(what, time(Duration.ofNanos(took)), outcome));
  }

  void value(String label, String text) {
    out.println("    %-5s %s".formatted(label, text.replace("\n", "\\n")));
  }

  /** Says so where an answer is not the expected one. */
  void check(String what, Object expected, Object found) {
    checks++;
    if (!expected.equals(found)) {
      failures++;
      out.println("    FAILED: " + what + " should be " + expected + " but is " + found);
    }
  }

  int checks() {
    return checks;
  }

  int failures() {
    return failures;
  }

  static String time(Duration time) {
    double micros = time.toNanos() / 1e3;
    return micros < 1_000
        ? String.format(Locale.ROOT, "%.1f us", micros)
        : String.format(Locale.ROOT, "%.1f ms", micros / 1e3);
  }
}
