package io.gonext.engine.bytecode;

/**
 * How a function is divided into JVM methods, in estimated bytes of bytecode. Every size compiles
 * to the same behaviour.
 *
 * @param most the most of one method
 * @param small a function or a loop with fewer keeps the loops in it
 * @param smallLoop a loop with fewer stays where it is
 * @param call the size of a call of a part
 * @param restructures whether the jumps of a {@link Dispatch} become blocks and loops
 */
public record PartSizes(int most, int small, int smallLoop, int call, boolean restructures) {
  /** The sizes that HotSpot compiles well. */
  public static final PartSizes DEFAULTS = new PartSizes(3_000, 1_500, 30, 60, true);

  /** The size of a stretch that is cut off. */
  int stretch() {
    return most * 2 / 3;
  }
}
