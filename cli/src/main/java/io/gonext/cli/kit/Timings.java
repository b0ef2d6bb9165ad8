package io.gonext.cli.kit;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The times of many calls, in the batches in which they were made. For one thread.
 *
 * <p>Times of one batch are alike: the processor's clock, other processes and the garbage collector
 * change slower than a call takes. So batches are compared, not calls.
 */
final class Timings {
  /** More calls are counted in no percentile. */
  private static final int MOST_CALLS = 1 << 20;

  private long[] nanos = new long[1024];
  private int calls;
  private int batchFrom;
  private final List<Double> medians = new ArrayList<>();

  void add(long time) {
    if (calls == MOST_CALLS) {
      return;
    }
    if (calls == nanos.length) {
      nanos = Arrays.copyOf(nanos, 2 * calls);
    }
    nanos[calls++] = time;
  }

  /** Ends a batch. One without calls does not count. */
  void endBatch() {
    if (calls > batchFrom) {
      medians.add(median(Arrays.copyOfRange(nanos, batchFrom, calls)));
      batchFrom = calls;
    }
  }

  int calls() {
    return calls;
  }

  /** The median of each batch, in nanoseconds, in order. */
  List<Double> medians() {
    return List.copyOf(medians);
  }

  /**
   * The time that this part of the calls did not exceed.
   *
   * @param part from 0 to 1
   */
  long percentile(double part) {
    if (calls == 0) {
      return 0;
    }
    long[] sorted = Arrays.copyOf(nanos, calls);
    Arrays.sort(sorted);
    int rank = (int) Math.ceil(part * calls);
    return sorted[Math.clamp(rank - 1, 0, calls - 1)];
  }

  /** Whether the last three batches are within 3 % of each other. */
  boolean isSteady() {
    if (medians.size() < 3) {
      return false;
    }
    double[] last =
        medians.subList(medians.size() - 3, medians.size()).stream()
            .mapToDouble(Double::doubleValue)
            .sorted()
            .toArray();
    return last[2] <= last[0] * 1.03;
  }

  private static double median(long[] values) {
    return median(Arrays.stream(values).asDoubleStream().toArray());
  }

  static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
