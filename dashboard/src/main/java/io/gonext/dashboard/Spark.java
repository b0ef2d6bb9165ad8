package io.gonext.dashboard;

import io.gonext.host.ActivityPoint;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * A small line of the last 15 minutes, as an SVG of {@value #POINTS} by {@value #HEIGHT}.
 *
 * @param points of the line; empty where there is nothing to show
 * @param words the line for those who do not see it
 */
record Spark(String points, String words) {
  /** One point for 30 seconds: a page with many lines stays small. */
  static final int POINTS = 30;

  static final int HEIGHT = 20;

  /** Points of the history in one point of the line. */
  private static final int STEP = 6;

  boolean isEmpty() {
    return points.isEmpty();
  }

  /**
   * A line whose newest point is at the right. A point is the largest value of its time.
   *
   * @param unit for the words, such as {@code calls a second}
   */
  static Spark of(List<ActivityPoint> history, ToDoubleFunction<ActivityPoint> value, String unit) {
    double[] values = new double[POINTS];
    double most = 0;
    for (int i = 0; i < history.size(); i++) {
      int fromEnd = (history.size() - 1 - i) / STEP;
      if (fromEnd < POINTS) {
        int at = POINTS - 1 - fromEnd;
        values[at] = Math.max(values[at], value.applyAsDouble(history.get(i)));
        most = Math.max(most, values[at]);
      }
    }
    if (most == 0) {
      return new Spark("", "");
    }
    StringBuilder points = new StringBuilder();
    for (int x = 0; x < POINTS; x++) {
      long y = Math.round((HEIGHT - 1) * (1 - values[x] / most)) + 1;
      points.append(x == 0 ? "" : " ").append(x).append(',').append(y);
    }
    return new Spark(points.toString(), "the most in 15 minutes: " + Shown.rate(most) + " " + unit);
  }
}
