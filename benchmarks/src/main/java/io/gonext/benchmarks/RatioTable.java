package io.gonext.benchmarks;

import java.io.PrintWriter;
import java.util.Locale;

/** Ours beside others, in microseconds, and ours divided by each: printed row by row. */
final class RatioTable {
  private static final String NUMBER = " %11s";
  private static final String RATIO = " %9s";

  private final PrintWriter out;

  /** What is printed for a value that could not be measured. */
  private final String missing;

  /**
   * Prints the head.
   *
   * @param title what the rows have in common
   * @param ours the name of the first column of numbers
   * @param others the names of the others
   */
  RatioTable(PrintWriter out, String missing, String title, String ours, String... others) {
    this.out = out;
    this.missing = missing;
    out.printf(Locale.ROOT, "%n%-46s %11s", title, ours + " us");
    for (String other : others) {
      out.printf(Locale.ROOT, NUMBER, other + " us");
    }
    for (String other : others) {
      out.printf(Locale.ROOT, RATIO, "/" + other);
    }
    out.println();
    out.flush();
  }

  /**
   * Prints a row.
   *
   * @param ours nanoseconds
   * @param others nanoseconds, or NaN when there is no figure
   */
  void row(String title, double ours, double... others) {
    out.printf(Locale.ROOT, "%-46s %11s", title, micros(ours));
    for (double other : others) {
      out.printf(Locale.ROOT, NUMBER, micros(other));
    }
    for (double other : others) {
      out.printf(Locale.ROOT, RATIO, Double.isNaN(other) ? "" : ratio(ours / other));
    }
    out.println();
    out.flush();
  }

  private String micros(double nanos) {
    return micros(nanos, missing);
  }

  /** Microseconds for a column, or {@code missing} for NaN. */
  static String micros(double nanos, String missing) {
    if (Double.isNaN(nanos)) {
      return missing;
    }
    return String.format(Locale.ROOT, nanos < 100_000 ? "%,.2f" : "%,.0f", nanos / 1_000);
  }

  /** A ratio with enough digits to compare it with a goal. */
  static String ratio(double ratio) {
    return String.format(Locale.ROOT, ratio < 0.1 ? "%.4f" : "%.2f", ratio);
  }
}
