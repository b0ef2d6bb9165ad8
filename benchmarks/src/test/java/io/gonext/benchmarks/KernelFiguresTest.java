package io.gonext.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class KernelFiguresTest {
  private static final KernelRow SORT =
      new KernelRow(
          Kernel.SORT,
          List.of(times(900, 100), times(300, 300), times(800, 200)),
          Map.of("native", times(0, 100), "wasmtime", times(0, 400), "stock", times(0, 800)));
  private static final KernelRow JSON =
      new KernelRow(
          Kernel.JSON,
          List.of(times(800, 400)),
          Map.of("native", times(0, 50), "wasmtime", times(0, 200)));

  @Test
  void our_time_is_the_median_of_the_jvms() {
    assertThat(SORT.steady()).isEqualTo(200);
    assertThat(SORT.ratio("wasmtime")).isEqualTo(0.5);
    assertThat(SORT.ratio("wazero")).isNaN();
  }

  @Test
  void the_first_second_is_the_median_of_the_jvms_over_the_steady_median() {
    assertThat(SORT.firstSecond()).isEqualTo(4);
  }

  @Test
  void the_means_are_geometric_and_the_worst_kernel_is_named() {
    assertThat(KernelFigures.of(List.of(SORT, JSON)))
        .contains(
            entry("compute_vs_native", "4.00"),
            entry("compute_vs_wasmtime", "1.00"),
            entry("worst_vs_wasmtime", "2.00"),
            entry("worst_vs_wasmtime_kernel", "json"),
            entry("first_second", "4.00"),
            entry("first_second_kernel", "sort"));
  }

  @Test
  void a_kernel_that_a_runtime_could_not_run_does_not_count() {
    assertThat(KernelFigures.of(List.of(SORT, JSON))).containsEntry("compute_vs_stock", "0.25");
  }

  @Test
  void a_missing_runtime_has_no_figure() {
    assertThat(KernelFigures.of(List.of(SORT, JSON))).containsEntry("compute_vs_wazero", "none");
    assertThat(KernelFigures.of(List.of()))
        .contains(entry("worst_vs_wasmtime", "none"), entry("worst_vs_wasmtime_kernel", "none"));
  }

  private static KernelTimes times(double first, double steady) {
    return new KernelTimes(first, steady, 1);
  }
}
