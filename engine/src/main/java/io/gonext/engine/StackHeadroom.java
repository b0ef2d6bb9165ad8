package io.gonext.engine;

/**
 * Makes sure, before host code runs, that the thread's stack has room for it: a guest may recurse
 * to the end of the stack and call the host there, and an overflow in the middle of host code could
 * leave a lock or a connection taken.
 *
 * <p>Java has no way to ask; so this descends, and lets the {@link StackOverflowError} strike here.
 * Each level takes some 700 bytes, most of them for its arguments: with fewer of them the JIT
 * inlines levels into one another, of which nothing remains.
 */
final class StackHeadroom {
  private static final int LEVELS = 28;

  private StackHeadroom() {}

  /**
   * Descends and comes back, in some 150 ns.
   *
   * @throws StackOverflowError when there are not about 20 KiB left
   */
  static void require() {
    if (descend(
            LEVELS, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
            1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
        == 0) {
      throw new AssertionError("a sum of positive numbers");
    }
  }

  @SuppressWarnings("UnusedVariable") // they are there for their size
  private static long descend(
      long left,
      long a1,
      long a2,
      long a3,
      long a4,
      long a5,
      long a6,
      long a7,
      long a8,
      long a9,
      long a10,
      long a11,
      long a12,
      long a13,
      long a14,
      long a15,
      long a16,
      long a17,
      long a18,
      long a19,
      long a20,
      long a21,
      long a22,
      long a23,
      long a24,
      long a25,
      long a26,
      long a27,
      long a28,
      long a29,
      long a30,
      long a31,
      long a32,
      long a33,
      long a34,
      long a35,
      long a36,
      long a37,
      long a38,
      long a39,
      long a40) {
    if (left == 0) {
      return a1 + a40;
    }
    return 1
        + descend(
            left - 1, left, left, left, left, left, left, left, left, left, left, left, left, left,
            left, left, left, left, left, left, left, left, left, left, left, left, left, left,
            left, left, left, left, left, left, left, left, left, left, left, left, left);
  }
}
