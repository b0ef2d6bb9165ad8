package io.gonext.engine.bytecode;

import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A range of a function's instructions that becomes a JVM method of its own: the whole function, or
 * a stretch on one level of nesting that the method around it calls.
 */
final class Part {
  /** The number of the exit to the instruction after the part. */
  static final int FALL = 0;

  final int from;
  final int to;

  /** The lowest position of its instructions in the module's bytes. */
  final int position;

  final @Nullable Part parent;

  /** Its number in the function; the function's is 0. */
  final int number;

  /** The parts that this one calls, by their first instruction. */
  final Map<Integer, Part> children = new HashMap<>();

  /** The operands that it takes from the stack. */
  byte[] operands = {};

  /** The locals that it takes; those of the whole function that must be zero at first. */
  int[] inputs = {};

  /**
   * The numbers of the ways out: {@link #FALL}, and those of labels as {@link FunctionCode#number}
   * says. The whole function has none: it returns.
   */
  BitSet exits = new BitSet();

  /** The types of the operands that it leaves if control falls out. */
  byte[] fall = {};

  /** The locals that it changes and that are read afterwards, whatever the exit. */
  int[] outputs = {};

  /** The locals that it changes and that are read where an exception that leaves it is caught. */
  int[] thrown = {};

  /** Whether it, or a part that it calls, may replace the arrays of the memory. */
  boolean replacesMemory;

  Part(int from, int to, int position, @Nullable Part parent, int number) {
    this.from = from;
    this.to = to;
    this.position = position;
    this.parent = parent;
    this.number = number;
  }

  boolean isFunction() {
    return parent == null;
  }

  /** Whether the method returns the number of the exit, and not a value. */
  boolean returnsExit() {
    return exits.length() > 0 && exits.nextSetBit(0) != exits.length() - 1;
  }
}
