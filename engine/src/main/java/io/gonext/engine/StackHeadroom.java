package io.gonext.engine;

/**
 * Checks that the thread's stack has room, before host code runs. A guest may recurse to the end of
 * the stack and call the host there. An overflow inside host code could leave a lock or a
 * connection taken.
 *
 * <p>Java has no API for this. So this class recurses, and a {@link StackOverflowError} occurs here
 * instead of in host code. Each level takes about 700 bytes, most of them for arguments: with fewer
 * arguments the JIT inlines the levels, and they take no stack.
 */
final class StackHeadroom {
  private static final int LEVELS = 28;

  /** For code that is not ours, such as a database driver. */
  private static final int DEEP_LEVELS = 64;

  private StackHeadroom() {}

  /**
   * Recurses and returns, in about 150 ns.
   *
   * @throws StackOverflowError when less than about 20 KiB are left
   */
  static void require() {
    require(LEVELS);
  }

  /**
   * Recurses and returns, in about 350 ns.
   *
   * @throws StackOverflowError when less than about 45 KiB are left
   */
  static void requireDeep() {
    require(DEEP_LEVELS);
  }

  private static void require(int levels) {
    if (descend(
            levels, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
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
