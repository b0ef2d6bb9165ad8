package io.gonext.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.function.ToDoubleFunction;

/** The figures of all kernels: geometric means, and the worst. */
final class KernelFigures {
  static final String NATIVE = "native";
  static final String WASMTIME = "wasmtime";
  static final String WAZERO = "wazero";
  static final String UNLIMITED = "wazero-";

  private static final String NONE = "none";

  private KernelFigures() {}

  /** The figures for scripts. A kernel that a runtime could not run does not count. */
  static SequencedMap<String, String> of(List<KernelRow> rows) {
    SequencedMap<String, String> figures = new LinkedHashMap<>();
    figures.put("compute_vs_stock", mean(rows, GuestRuntime.STOCK));
    figures.put("compute_vs_native", mean(rows, NATIVE));
    figures.put("compute_vs_wazero", mean(rows, WAZERO));
    figures.put("compute_vs_wazero_without_deadline", mean(rows, UNLIMITED));
    figures.put("compute_vs_wasmtime", mean(rows, WASMTIME));
    worst(figures, "worst_vs_wasmtime", rows, row -> row.ratio(WASMTIME));
    worst(figures, "first_second", rows, KernelRow::firstSecond);
    return figures;
  }

  private static String mean(List<KernelRow> rows, String other) {
    List<Double> ratios =
        rows.stream().map(row -> row.ratio(other)).filter(ratio -> !ratio.isNaN()).toList();
    return ratios.isEmpty() ? NONE : RatioTable.ratio(Medians.geometricMean(ratios));
  }

  private static void worst(
      SequencedMap<String, String> figures,
      String name,
      List<KernelRow> rows,
      ToDoubleFunction<KernelRow> figure) {
    double worst = Double.NaN;
    String kernel = NONE;
    for (KernelRow row : rows) {
      double each = figure.applyAsDouble(row);
      if (each > worst || (Double.isNaN(worst) && !Double.isNaN(each))) {
        worst = each;
        kernel = row.kernel().guestName();
      }
    }
    figures.put(name, Double.isNaN(worst) ? NONE : RatioTable.ratio(worst));
    figures.put(name + "_kernel", kernel);
  }
}
