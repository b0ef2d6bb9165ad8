package io.gonext.dashboard;

import io.gonext.host.ActivityPoint;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Lines over the last 15 minutes, which the browser draws with uPlot.
 *
 * @param unit of the values
 * @param names of the lines
 * @param data JSON: an array of times in seconds, and an array of values for each line
 * @param line what is shown without JavaScript
 */
record Plot(String title, String unit, List<String> names, String data, Spark line) {
  /** One line: its name, and its value at a point. */
  record Line(String name, ToDoubleFunction<ActivityPoint> value) {}

  static Plot of(String title, String unit, List<ActivityPoint> history, Line... lines) {
    StringBuilder data = new StringBuilder("[");
    append(data, history, point -> point.at().getEpochSecond());
    for (Line line : lines) {
      data.append(',');
      append(data, history, line.value());
    }
    return new Plot(
        title,
        unit,
        List.of(lines).stream().map(Line::name).toList(),
        data.append(']').toString(),
        Spark.of(history, lines[lines.length - 1].value(), unit));
  }

  private static void append(
      StringBuilder data, List<ActivityPoint> history, ToDoubleFunction<ActivityPoint> value) {
    data.append('[');
    for (int i = 0; i < history.size(); i++) {
      double number = value.applyAsDouble(history.get(i));
      data.append(i == 0 ? "" : ",");
      // Three digits after the point are enough for a line of some hundred pixels.
      data.append(
          number == Math.rint(number)
              ? Long.toString((long) number)
              : String.format(Locale.ROOT, "%.3f", number));
    }
    data.append(']');
  }
}
