package io.gonext.pool;

/**
 * The front half of what keeps two slots' fields out of one cache line: 128 bytes, because current
 * processors prefetch lines in pairs. The JVM lays out a superclass before its subclass, which is
 * why the padding is a class of its own; {@code @Contended} is not open to applications.
 */
@SuppressWarnings({"unused", "MultiVariableDeclaration"})
abstract class SlotPadding {
  private long a00, a01, a02, a03;
  private long a04, a05, a06, a07;
  private long a08, a09, a10, a11;
  private long a12, a13, a14, a15;
}
