package io.gonext.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * One quantity over the time of a soak, which must not grow. The first 30 % are left out: a JVM
 * warms up. Of the rest, the median of the last third is compared with that of the first third.
 *
 * <p>Not thread-safe.
 */
final class SoakTrend {
  private static final double WARM_UP = 0.3;
  private static final int FEWEST = 9;

  private final String name;
  private final double growth;
  private final double slack;
  private final List<Double> samples = new ArrayList<>();

  /**
   * @param name with its unit
   * @param growth the most that it may grow, as a factor
   * @param slack what it may grow beyond that, in its own unit
   */
  SoakTrend(String name, double growth, double slack) {
    this.name = name;
    this.growth = growth;
    this.slack = slack;
  }

  void add(double sample) {
    samples.add(sample);
  }

  /** What is wrong, if the quantity grew; empty also for too few samples. */
  Optional<String> fault() {
    List<Double> steady = steady();
    if (steady.size() < FEWEST) {
      return Optional.empty();
    }
    double early = early(steady);
    double late = late(steady);
    return late <= early * growth + slack
        ? Optional.empty()
        : Optional.of(String.format(Locale.ROOT, "%s grew from %.1f to %.1f", name, early, late));
  }

  /** Such as {@code heap MB: 41.0 to 42.5 (120 samples)}. */
  @Override
  public String toString() {
    List<Double> steady = steady();
    return steady.size() < FEWEST
        ? name + ": " + samples.size() + " samples, too few for a trend"
        : String.format(
            Locale.ROOT,
            "%s: %.1f to %.1f (%d samples)",
            name,
            early(steady),
            late(steady),
            samples.size());
  }

  private List<Double> steady() {
    return samples.subList((int) Math.ceil(samples.size() * WARM_UP), samples.size());
  }

  private static double early(List<Double> steady) {
    return Medians.median(steady.subList(0, steady.size() / 3));
  }

  private static double late(List<Double> steady) {
    return Medians.median(steady.subList(steady.size() - steady.size() / 3, steady.size()));
  }
}
