package io.gonext.cli.kit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Whether a build is slower, and whether memory grows. */
class VerdictTest {
  /** Trials of builds whose times differ by this factor, and by chance. */
  private static List<Verdict.Trial> trials(double factor, double noise) {
    var random = new SplittableRandom(7);
    return IntStream.range(0, 5)
        .mapToObj(_ -> {
          List<Double> before =
              IntStream.range(0, 12)
                  .mapToObj(_ -> 1_000 * (1 + noise * random.nextDouble()))
                  .toList();
          return new Verdict.Trial(
              before,
              before.stream()
                  .map(time -> time * factor * (1 + noise * (random.nextDouble() - 0.5)))
                  .toList());
        })
        .toList();
  }

  @Test
  void a_slower_build_is_called_slower_with_an_interval_around_the_truth() {
    Verdict verdict = Verdict.of(trials(1.08, 0.05));

    assertThat(verdict.least()).isBetween(4.0, 8.0);
    assertThat(verdict.most()).isBetween(8.0, 12.0);
    assertThat(verdict.toString()).matches("slower by [0-9.]+ % \\([0-9.]+ to [0-9.]+ %\\)");
    assertThat(verdict.isSlowerBy(5)).isTrue();
    assertThat(verdict.isSlowerBy(15)).isFalse();
  }

  @Test
  void a_faster_build_is_called_faster() {
    Verdict verdict = Verdict.of(trials(0.5, 0.02));

    assertThat(verdict.toString()).matches("faster by [0-9.]+ % \\([0-9.]+ to [0-9.]+ %\\)");
    assertThat(verdict.percent()).isBetween(-52.0, -48.0);
    assertThat(verdict.isSlowerBy(0)).isFalse();
  }

  @Test
  void no_difference_is_seen_where_chance_is_larger() {
    Verdict verdict = Verdict.of(trials(1, 0.2));

    assertThat(verdict.isDifferent()).isFalse();
    assertThat(verdict.toString()).matches("no difference seen \\([+-][0-9.]+ to [+-][0-9.]+ %\\)");
    assertThat(verdict.isSlowerBy(0)).isFalse();
    assertThat(Verdict.of(trials(1, 0.2))).isEqualTo(verdict);
  }

  @Test
  void one_trial_of_another_compilation_is_not_a_difference() {
    List<Verdict.Trial> trials = new ArrayList<>(trials(1, 0.02));
    trials.set(2, trials(1.5, 0.02).getFirst());

    assertThat(Verdict.of(trials).isSlowerBy(3)).isFalse();
  }

  @Test
  void trials_need_batches_of_both() {
    assertThatThrownBy(() -> Verdict.of(List.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Verdict.Trial(List.of(1.0), List.of()))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void percentiles_and_batches_are_those_of_the_calls() {
    var timings = new Timings();
    timings.endBatch();
    assertThat(timings.percentile(0.5)).isZero();
    LongStream.rangeClosed(1, 100).forEach(timings::add);
    timings.endBatch();
    timings.endBatch();

    assertThat(timings.medians()).containsExactly(50.5);
    assertThat(timings.percentile(0.5)).isEqualTo(50);
    assertThat(timings.percentile(0.99)).isEqualTo(99);
    assertThat(timings.percentile(1)).isEqualTo(100);
    assertThat(timings.isSteady()).isFalse();
    for (int batch = 0; batch < 3; batch++) {
      timings.add(1_000 + 10L * batch);
      timings.endBatch();
    }
    assertThat(timings.isSteady()).isTrue();
  }

  @Test
  void memory_that_grows_in_each_step_leaks() {
    List<Long> leak = LongStream.rangeClosed(1, 20).mapToObj(step -> step << 16).toList();

    assertThat(Growth.of(leak, 50)).isEqualTo(new Growth(1_000, 10 << 16, 20.0, true));
  }

  @Test
  void an_instance_that_was_full_and_replaced_still_leaks() {
    List<Long> leak = LongStream.rangeClosed(1, 20).mapToObj(step -> step % 15 << 16).toList();

    assertThat(Growth.of(leak, 50)).isEqualTo(new Growth(1_000, 9 << 16, 20.0, true));
  }

  @Test
  void memory_that_fills_a_cache_does_not_leak() {
    List<Long> cache =
        LongStream.rangeClosed(1, 20).mapToObj(step -> Math.min(step, 12) << 12).toList();

    assertThat(Growth.of(cache, 50).isLeak()).isFalse();
    assertThat(Growth.of(List.of(5L, 5L, 5L, 5L), 10)).isEqualTo(new Growth(40, 0, 0, false));
  }
}
