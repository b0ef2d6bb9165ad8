package io.gonext.cli.kit;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Whether one build is slower than another.
 *
 * @param percent how much more time the new build takes; negative if it takes less
 * @param least the lower end of the interval that has the true value in 95 of 100 comparisons
 * @param most its upper end
 */
record Verdict(double percent, double least, double most) {
  private static final int RESAMPLES = 4_000;

  /** The same batches give the same verdict. */
  private static final long SEED = 20;

  /**
   * The batches of one trial: the n-th of each build was made at about the same time. In each
   * trial, the JVM compiles both builds anew, which makes one and the same build some percent
   * faster or slower.
   *
   * @param before medians of batches
   * @param after medians of batches
   */
  record Trial(List<Double> before, List<Double> after) {
    Trial {
      if (before.isEmpty() || before.size() != after.size()) {
        throw new IllegalArgumentException("a trial needs as many batches of both builds");
      }
      before = List.copyOf(before);
      after = List.copyOf(after);
    }

    /** The ratio of medians of batches that are drawn again with replacement. */
    private double resampled(SplittableRandom random) {
      var olds = new double[before.size()];
      var news = new double[before.size()];
      for (int i = 0; i < olds.length; i++) {
        int drawn = random.nextInt(olds.length);
        olds[i] = before.get(drawn);
        news[i] = after.get(drawn);
      }
      return Timings.median(news) / Timings.median(olds);
    }

    private double ratio() {
      return median(after) / median(before);
    }
  }

  /**
   * Compares builds by the median of the trials' ratios. The interval is a bootstrap: trials, and
   * batches in them, are drawn again with replacement.
   */
  static Verdict of(List<Trial> trials) {
    if (trials.isEmpty()) {
      throw new IllegalArgumentException("there are no trials to compare");
    }
    var random = new SplittableRandom(SEED);
    var ratios = new double[RESAMPLES];
    var drawn = new double[trials.size()];
    for (int i = 0; i < RESAMPLES; i++) {
      for (int j = 0; j < drawn.length; j++) {
        drawn[j] = trials.get(random.nextInt(drawn.length)).resampled(random);
      }
      ratios[i] = Timings.median(drawn);
    }
    Arrays.sort(ratios);
    return new Verdict(
        percent(Timings.median(trials.stream().mapToDouble(Trial::ratio).toArray())),
        percent(ratios[(int) (RESAMPLES * 0.025)]),
        percent(ratios[(int) (RESAMPLES * 0.975)]));
  }

  private static double median(List<Double> batches) {
    return Timings.median(batches.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** To a tenth. */
  private static double percent(double ratio) {
    return Math.round((ratio - 1) * 1_000) / 10.0;
  }

  /** Whether the interval leaves out that both take the same. */
  boolean isDifferent() {
    return least > 0 || most < 0;
  }

  /** Whether the new build is slower, by more than this. */
  boolean isSlowerBy(double allowed) {
    return least > 0 && percent > allowed;
  }

  /** One sentence. */
  @Override
  public String toString() {
    if (!isDifferent()) {
      return String.format(Locale.ROOT, "no difference seen (%+.1f to %+.1f %%)", least, most);
    }
    return least > 0
        ? String.format(Locale.ROOT, "slower by %.1f %% (%.1f to %.1f %%)", percent, least, most)
        : String.format(
            Locale.ROOT, "faster by %.1f %% (%.1f to %.1f %%)", -percent, -most, -least);
  }
}
