package io.gonext.cli.kit;

import java.util.List;

/**
 * Whether memory grows with the number of calls.
 *
 * @param calls how many were made
 * @param bytes how much more was in use after the last than after half of them
 * @param pagesPerThousand the slope in the second half, in pages of 64 KiB for each 1,000 calls
 * @param isLeak whether it grew in several of the steps, so that it will go on
 */
record Growth(int calls, long bytes, double pagesPerThousand, boolean isLeak) {
  private static final double PAGE_BYTES = 1 << 16;

  /** A cache that fills grows in one or two steps. A leak grows in all, or nearly so. */
  private static final int LEAST_STEPS = 3;

  /**
   * Looks at the second half: the first calls fill what is kept for later calls.
   *
   * @param used the memory in use after each of some equal numbers of calls, at least two
   * @param callsAStep how many calls are between them
   */
  static Growth of(List<Long> used, int callsAStep) {
    int from = used.size() / 2;
    long first = used.get(from - 1);
    long last = used.getLast();
    int steps = 0;
    for (int i = from; i < used.size(); i++) {
      if (used.get(i) > used.get(i - 1)) {
        steps++;
      }
    }
    int calls = (used.size() - from) * callsAStep;
    double slope = (last - first) / PAGE_BYTES * 1_000 / calls;
    return new Growth(
        used.size() * callsAStep,
        last - first,
        Math.round(slope * 1_000) / 1e3,
        steps >= Math.min(LEAST_STEPS, used.size() - from));
  }
}
