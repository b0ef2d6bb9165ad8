package io.gonext.pool;

/**
 * Keeps the field that a checkout writes, in {@link SlotState}, out of the cache lines of {@link
 * SlotContent}. The padding is 128 bytes, because current processors prefetch lines in pairs. It is
 * a class because the JVM lays out a superclass before its subclass; {@code @Contended} is not
 * available to applications.
 */
@SuppressWarnings({"unused", "MultiVariableDeclaration"})
abstract class SlotPadding<T> extends SlotContent<T> {
  private long a00, a01, a02, a03;
  private long a04, a05, a06, a07;
  private long a08, a09, a10, a11;
  private long a12, a13, a14, a15;

  SlotPadding(Returns<T> returns, int index) {
    super(returns, index);
  }
}
