package io.gonext.engine;

import java.util.BitSet;

/**
 * The cost of compiling one function, counted while it is read, before the compiler spends it. What
 * is not proportional to the function's size counts most: branch targets times the locals and
 * operands that are alive there, operands that branches drop, passes over nested loops.
 *
 * <p>The counts are estimates, and rather too high than too low: see RATIONALE.md.
 */
final class FunctionCost {
  /** The bytes of a method and its names, in its own class and in its callers' classes. */
  private static final int METHOD_BYTES = 200;

  /** About as many bytes of bytecode does the largest method have. */
  private static final int METHOD_CODE_BYTES = 4_000;

  /** What reading and emitting an instruction takes on the heap for a while. */
  private static final int INSTRUCTION_HEAP_BYTES = 150;

  /** What the class file writer takes for a local or an operand at a branch target. */
  private static final int FRAME_SLOT_HEAP_BYTES = 16;

  /** The locals that its instructions name. */
  private final BitSet locals = new BitSet();

  private long instructions;
  private long codeBytes = METHOD_BYTES;
  private long targets;
  private long operandsAtTargets;
  private int depth;
  private int loops;
  private int deepest;
  private int mostLoops;

  /** An instruction that becomes about this many bytes of bytecode. */
  void instruction(int bytes) {
    instructions++;
    codeBytes += bytes;
  }

  void local(int index) {
    locals.set(index);
  }

  /** A place that branches go to, with this many operands on the stack. */
  void target(int operands) {
    targets++;
    operandsAtTargets += operands;
  }

  void open(boolean isLoop) {
    deepest = Math.max(deepest, ++depth);
    if (isLoop) {
      mostLoops = Math.max(mostLoops, ++loops);
    }
  }

  void close(boolean isLoop) {
    depth--;
    if (isLoop) {
      loops--;
    }
  }

  /** A branch that keeps some operands and drops those below. */
  void branch(int kept, int dropped) {
    if (dropped > 0) {
      codeBytes += dropped + 6L * kept;
    }
  }

  /** A byte for each local and operand at each place that branches go to. */
  private long frameBytes() {
    return targets * Math.min(locals.cardinality() + 4L, METHOD_CODE_BYTES / 2) + operandsAtTargets;
  }

  /** The size of its methods. */
  long classBytes() {
    return codeBytes + frameBytes();
  }

  /** The bytes on the heap while it is compiled. */
  long passingBytes() {
    long methods = 1 + codeBytes / METHOD_CODE_BYTES;
    return INSTRUCTION_HEAP_BYTES * instructions + FRAME_SLOT_HEAP_BYTES * (frameBytes() / methods);
  }

  /** The steps beyond a few for each instruction. */
  long steps() {
    long passes = 2L + mostLoops;
    return passes * (instructions + targets * (1 + locals.length() / Long.SIZE))
        + instructions * deepest / 4;
  }
}
