package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A range of a function's instructions that becomes a JVM method of its own: the whole function, or
 * a stretch on one level of nesting that the method around it calls.
 */
final class Part {
  /** The pseudo target of an exit to the instruction after the part. */
  static final int FALL = -3;

  final int from;
  final int to;
  final @Nullable Part parent;

  /** Its number in the function; the function's is 0. */
  final int number;

  /** The parts that this one calls, by their first instruction. */
  final Map<Integer, Part> children = new HashMap<>();

  /** The operands that it takes from the stack. */
  byte[] operands = {};

  /** The locals that it takes; those of the whole function that must be zero at first. */
  int[] inputs = {};

  /** The ways out. The whole function has none: it returns. */
  List<Exit> exits = new ArrayList<>();

  /** Whether it, or a part that it calls, may replace the arrays of the memory. */
  boolean replacesMemory;

  /**
   * A way out of a part.
   *
   * @param target the index of the block that it branches to, {@link FunctionCode#FUNCTION} or
   *     {@link #FALL}
   * @param values the types of the operands that it leaves
   * @param locals the locals that it changes and that are read afterwards
   */
  record Exit(int target, byte[] values, int[] locals) {}

  Part(int from, int to, @Nullable Part parent, int number) {
    this.from = from;
    this.to = to;
    this.parent = parent;
    this.number = number;
  }

  boolean isFunction() {
    return parent == null;
  }

  /** Whether the method returns the number of the exit, and not a value. */
  boolean returnsExit() {
    return exits.size() > 1;
  }

  int exitTo(int target) {
    for (int i = 0; i < exits.size(); i++) {
      if (exits.get(i).target == target) {
        return i;
      }
    }
    throw new IllegalStateException("no exit to " + target);
  }
}
