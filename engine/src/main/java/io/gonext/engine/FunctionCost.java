package io.gonext.engine;

import java.util.BitSet;
import java.util.HashSet;
import java.util.Set;

/**
 * The cost of compiling one function, counted while it is read, before the compiler spends it. What
 * is not proportional to the function's size counts most: branch targets times the locals and
 * operands that are alive there, operands that branches drop, and what parts of the function pass
 * to each other.
 *
 * <p>The counts are estimates, and rather too high than too low: see RATIONALE.md.
 */
final class FunctionCost {
  /** The most entries of a class's constant pool that one function may need. */
  static final int MOST_CONSTANTS = 50_000;

  /** So many operands on the stack are many. No real function has half as many. */
  static final int MANY_OPERANDS = 300;

  /** The most instructions of a function while many operands are on the stack. */
  static final int MOST_WITH_MANY_OPERANDS = 2_000;

  /** The bytes of a method and its names, in its own class and in its callers' classes. */
  private static final int METHOD_BYTES = 200;

  /** A part of a function has about as many bytes of bytecode, or more. */
  private static final int PART_BYTES = 1_000;

  private static final int TRY_BYTES = 60;
  private static final int CATCH_BYTES = 30;
  private static final int SAVED_OPERAND_BYTES = 10;

  /** The class file writer looks for the handlers of each instruction of a part. */
  private static final int STEPS_A_TRY = 300;

  /** Putting an argument of a tail call into a field. */
  private static final int TAIL_ARGUMENT_BYTES = 8;

  /** Passing a local to a part and back. */
  private static final int PASSED_LOCAL_BYTES = 20;

  /** A part names about as many locals at most, one with each instruction. */
  private static final int MOST_PASSED_LOCALS = PART_BYTES / 4;

  /** Charging fuel after a branch, in modules that count it. */
  private static final int CHARGE_BYTES = 14;

  /** An operand is passed every so many instructions, in about 10 bytes. */
  private static final int INSTRUCTIONS_AN_OPERAND = 20;

  /** What reading and emitting an instruction takes on the heap for a while. */
  private static final int INSTRUCTION_HEAP_BYTES = 150;

  /** What the class file writer takes for a local or an operand at a branch target. */
  private static final int FRAME_SLOT_HEAP_BYTES = 16;

  /** Passes over a function to find which locals are alive. */
  private static final int MOST_PASSES = 10;

  /** Until then every constant counts as another one. */
  private static final int CONSTANTS_UNCOUNTED = 20_000;

  private final NestingCost nesting = new NestingCost();

  /** The locals that its instructions name. */
  private final BitSet locals = new BitSet();

  private int namedLocals;

  /** The constants after the first ones. */
  private final Set<Long> constants = new HashSet<>();

  private int constantsUncounted;
  private int constantsCounted;
  private int instructionsWithManyOperands;

  /** Whether the function needs to be read twice: see {@link ExceptionReader}. */
  boolean hasLegacyTries;

  /** Whether it has a {@code return}. */
  boolean hasReturn;

  /** Whether there is a {@code br_table} in a loop: then it may be emitted in two forms. */
  private boolean hasTableInLoop;

  private boolean hasTailCalls;
  private int tries;
  private int openTries;
  private long tryInstructions;
  private long instructions;
  private long codeBytes = METHOD_BYTES;
  private long operands;
  private long targets;
  private long operandsAtTargets;
  private int depth;
  private int deepest;
  private int openLoops;
  private int mostLoops;
  private int loops;

  /** An instruction that becomes about this many bytes of bytecode. */
  void instruction(int bytes, int height) {
    instructions++;
    tryInstructions += openTries;
    codeBytes += bytes;
    nesting.instruction(bytes);
    operands += height;
    if (height > MANY_OPERANDS) {
      instructionsWithManyOperands++;
    }
  }

  /** The start of a block that catches exceptions, with this many operands below it. */
  void openTry(int height) {
    tries++;
    openTries++;
    codeBytes += TRY_BYTES + (long) SAVED_OPERAND_BYTES * height;
    target(height);
  }

  /** A catch clause that carries this many values. */
  void catchClause(int values, int height) {
    codeBytes += CATCH_BYTES + (long) SAVED_OPERAND_BYTES * (values + height);
    target(height);
  }

  void closeTry() {
    openTries--;
  }

  void tailCall(int parameters, int results) {
    if (!hasTailCalls) {
      // The method that other functions call.
      codeBytes += METHOD_BYTES;
      hasTailCalls = true;
    }
    codeBytes += (long) TAIL_ARGUMENT_BYTES * (parameters + results);
  }

  boolean hasTailCalls() {
    return hasTailCalls;
  }

  void local(int index) {
    if (!locals.get(index)) {
      locals.set(index);
      namedLocals++;
    }
    nesting.local();
  }

  /** A constant that the class's constant pool needs, or a function or global. */
  void constant(long key, int entries) {
    if (constantsUncounted < CONSTANTS_UNCOUNTED) {
      constantsUncounted += entries;
    } else if (constantsCounted <= MOST_CONSTANTS && constants.add(key)) {
      constantsCounted += entries;
    }
  }

  boolean hasTooManyConstants() {
    return constantsUncounted + constantsCounted > MOST_CONSTANTS;
  }

  boolean hasTooManyOperands() {
    return instructionsWithManyOperands > MOST_WITH_MANY_OPERANDS;
  }

  /** The {@code br_table} of a {@link io.gonext.engine.bytecode.Dispatch}, maybe. */
  void table() {
    hasTableInLoop |= openLoops > 0;
  }

  /** A place that branches go to, with this many operands on the stack. */
  void target(int height) {
    targets++;
    operandsAtTargets += height;
  }

  void open(boolean isLoop) {
    deepest = Math.max(deepest, ++depth);
    nesting.open();
    if (isLoop) {
      loops++;
      codeBytes += PASSED_LOCAL_BYTES;
      mostLoops = Math.max(mostLoops, ++openLoops);
    }
  }

  void close(boolean isLoop) {
    depth--;
    nesting.close(isLoop, namedLocals);
    if (isLoop) {
      openLoops--;
    }
  }

  /** A branch that keeps some operands and drops those below. */
  void branch(int kept, int dropped) {
    codeBytes += CHARGE_BYTES;
    if (dropped > 0) {
      codeBytes += dropped + 6L * kept;
    }
  }

  private long parts() {
    return codeBytes / PART_BYTES;
  }

  /** A byte for each local and operand at each place that branches go to. */
  private long frameBytes() {
    return targets * Math.min(namedLocals + 4L, MOST_PASSED_LOCALS) + operandsAtTargets;
  }

  /** The size of its methods. */
  long classBytes() {
    long passed = Math.min(namedLocals, MOST_PASSED_LOCALS);
    long once =
        codeBytes
            + frameBytes()
            + PASSED_LOCAL_BYTES * (parts() * passed + nesting.passedLocals()) * (tries > 0 ? 2 : 1)
            + operands * 10 / INSTRUCTIONS_AN_OPERAND;
    return hasTableInLoop ? 2 * once : once;
  }

  /** The bytes on the heap while it is compiled. */
  long passingBytes() {
    long setBytes = locals.length() / Byte.SIZE;
    return INSTRUCTION_HEAP_BYTES * instructions
        + FRAME_SLOT_HEAP_BYTES * (frameBytes() / (1 + parts()))
        + setBytes * (deepest + loops + 4 * (parts() + nesting.parts()))
        + parts() * deepest / Byte.SIZE;
  }

  /** The steps beyond a few for each instruction. */
  long steps() {
    long setWords = 1L + locals.length() / Long.SIZE;
    return Math.min(2 + mostLoops, MOST_PASSES) * (instructions + targets * setWords)
        + parts() * deepest * setWords
        + (long) STEPS_A_TRY * tries
        + tryInstructions * setWords;
  }
}
