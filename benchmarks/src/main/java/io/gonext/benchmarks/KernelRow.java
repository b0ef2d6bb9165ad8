package io.gonext.benchmarks;

import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * What was measured of one kernel.
 *
 * @param ours one for each JVM
 * @param others by the name of the runtime; without those that could not run it
 */
record KernelRow(Kernel kernel, List<KernelTimes> ours, Map<String, KernelTimes> others) {
  KernelRow {
    ours = List.copyOf(ours);
    others = Map.copyOf(others);
  }

  /** Our nanoseconds of a run. */
  double steady() {
    return median(KernelTimes::steady);
  }

  /** Another's nanoseconds of a run, or NaN. */
  double steady(String other) {
    KernelTimes times = others.get(other);
    return times == null ? Double.NaN : times.steady();
  }

  /** Our time divided by another's, or NaN. */
  double ratio(String other) {
    return steady() / steady(other);
  }

  /** Our mean run in the first second of a JVM divided by the steady one. */
  double firstSecond() {
    return median(KernelTimes::first) / steady();
  }

  private double median(ToDoubleFunction<KernelTimes> figure) {
    return Medians.median(ours.stream().map(figure::applyAsDouble).toList());
  }
}
