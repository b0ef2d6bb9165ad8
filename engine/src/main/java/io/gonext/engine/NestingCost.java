package io.gonext.engine;

import java.util.Arrays;

/**
 * Estimates how many locals the parts of nested blocks pass to each other, counted while a function
 * is read. A large block is divided into parts, and so are the blocks around it: each part passes
 * the locals that any block within it names, and a call that passes many locals makes the block
 * around it large again. So many locals and deep nesting multiply.
 */
final class NestingCost {
  /** A block with more bytes is divided. */
  private static final int LARGE_BYTES = 3_000;

  /** What else is left of a block that is divided. */
  private static final int REST_BYTES = 1_000;

  private static final int CALL_BYTES = 60;

  /** Taking a local from a part and putting it back. */
  private static final int CALL_LOCAL_BYTES = 8;

  /** A call with more bytes becomes a part again. */
  private static final int LARGE_CALL_BYTES = 2_000;

  /** How often, in one block. */
  private static final int LARGE_CALLS = 3;

  /** After so many, loops stay in the parts around them. */
  private static final int MOST_LOOPS = 2_000;

  /** By depth: the estimated bytes of a block, with those of the calls in it. */
  private long[] bytes = new long[8];

  /** By depth: how many instructions in a block name a local. */
  private int[] names = new int[8];

  /** By depth: the sum of the locals that the blocks directly in it name. */
  private long[] within = new long[8];

  private int depth;
  private int loops;
  private long passedLocals;
  private long parts;

  void instruction(int size) {
    bytes[depth] += size;
  }

  void local() {
    names[depth]++;
  }

  void open() {
    if (++depth == bytes.length) {
      bytes = Arrays.copyOf(bytes, 2 * depth);
      names = Arrays.copyOf(names, 2 * depth);
      within = Arrays.copyOf(within, 2 * depth);
    }
    bytes[depth] = 0;
    names[depth] = 0;
    within[depth] = 0;
  }

  /**
   * Ends the innermost block.
   *
   * @param locals how many different locals the function has named so far
   */
  void close(boolean isLoop, int locals) {
    int named = Math.min(locals, names[depth]);
    long call = CALL_BYTES + (long) CALL_LOCAL_BYTES * named;
    divide(call);
    if (isLoop && ++loops <= MOST_LOOPS) {
      parts++;
      passedLocals += named;
      bytes[depth] = Math.min(bytes[depth], call);
    }
    depth--;
    bytes[depth] += bytes[depth + 1];
    names[depth] += names[depth + 1];
    within[depth] += named;
  }

  private void divide(long call) {
    if (bytes[depth] > LARGE_BYTES) {
      int times = call > LARGE_CALL_BYTES ? LARGE_CALLS : 1;
      parts += times;
      passedLocals += times * within[depth];
      bytes[depth] = Math.min(bytes[depth], call + REST_BYTES);
    }
  }

  /** The sum of what each part passes, without the locals that it names outside of inner blocks. */
  long passedLocals() {
    return passedLocals;
  }

  /** How many parts that is. */
  long parts() {
    return parts;
  }
}
