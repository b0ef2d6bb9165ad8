package io.gonext.cli.kit;

import java.util.List;

/**
 * Whether memory grows with the number of calls.
 *
 * @param calls how many were made
 * @param bytes how much more came into use in the second half of them
 * @param pagesPerThousand the slope in the second half, in pages of 64 KiB for each 1,000 calls
 * @param isLeak whether it grew in several of the steps, so that it will go on
 */
record Growth(int calls, long bytes, double pagesPerThousand, boolean isLeak) {
  private static final double PAGE_BYTES = 1 << 16;

  /** A cache that fills grows in one or two steps. A leak grows in all, or nearly so. */
  private static final int LEAST_STEPS = 3;

  /**
   * Looks at the second half: the first calls fill what is kept for later calls. A step with less
   * memory in use does not count: the host replaced an instance that was full.
   *
   * @param used the memory in use after each of some equal numbers of calls, at least two
   * @param callsAStep how many calls are between them
   */
  static Growth of(List<Long> used, int callsAStep) {
    int steps = 0;
    int grown = 0;
    long bytes = 0;
    for (int i = used.size() / 2; i < used.size(); i++) {
      long more = used.get(i) - used.get(i - 1);
      if (more >= 0) {
        steps++;
        grown += more > 0 ? 1 : 0;
        bytes += more;
      }
    }
    double slope = bytes / PAGE_BYTES * 1_000 / Math.max(1, steps * callsAStep);
    return new Growth(
        used.size() * callsAStep,
        bytes,
        Math.round(slope * 1_000) / 1e3,
        grown >= Math.min(LEAST_STEPS, used.size() / 2));
  }
}
