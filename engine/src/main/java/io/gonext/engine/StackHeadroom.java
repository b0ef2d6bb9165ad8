package io.gonext.engine;

/**
 * Makes sure, before host code runs, that the thread's stack has room for it: a guest may recurse
 * to the end of the stack and call the host there, and an overflow in the middle of host code could
 * leave a lock or a connection taken.
 *
 * <p>Java has no way to ask; so this descends, and lets the {@link StackOverflowError} strike here.
 * Each level takes some 300 bytes, most of them for arguments that do not fit registers.
 */
final class StackHeadroom {
  private static final int LEVELS = 32;

  private StackHeadroom() {}

  /**
   * Descends and comes back.
   *
   * @throws StackOverflowError when there are not about 8 KiB left
   */
  static void require() {
    if (descend(LEVELS, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
        == 0) {
      throw new AssertionError("a sum of positive numbers");
    }
  }

  /** Rotates its arguments, so that no level can be computed from another. */
  private static long descend(
      int levels,
      long a,
      long b,
      long c,
      long d,
      long e,
      long f,
      long g,
      long h,
      long i,
      long j,
      long k,
      long l,
      long m,
      long n,
      long o,
      long p,
      long q,
      long r,
      long s,
      long t) {
    if (levels == 0) {
      return a + k;
    }
    return 1 + descend(levels - 1, t, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s);
  }
}
