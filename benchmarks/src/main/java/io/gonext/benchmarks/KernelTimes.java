package io.gonext.benchmarks;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What a program that runs a kernel prints: a line {@code NAME NUMBER} for each.
 *
 * @param first nanoseconds: the mean run of the first second
 * @param steady nanoseconds of a run after the warm-up
 * @param checksum what each run answered
 */
record KernelTimes(double first, double steady, long checksum) {

  /** Reads what a program printed. */
  static KernelTimes of(String output) {
    Map<String, String> numbers = new HashMap<>();
    output
        .lines()
        .map(line -> line.split(" ", 2))
        .filter(words -> words.length == 2)
        .forEach(words -> numbers.put(words[0], words[1]));
    return new KernelTimes(
        Double.parseDouble(number(numbers, "first", output)),
        Double.parseDouble(number(numbers, "steady", output)),
        Long.parseLong(number(numbers, "checksum", output)));
  }

  private static String number(Map<String, String> numbers, String name, String output) {
    String number = numbers.get(name);
    if (number == null) {
      throw new IllegalStateException("no line '" + name + "' in: " + output);
    }
    return number;
  }

  /** What {@link #of} reads. */
  String lines() {
    return String.format(
        Locale.ROOT, "first %.1f%nsteady %.1f%nchecksum %d%n", first, steady, checksum);
  }
}
