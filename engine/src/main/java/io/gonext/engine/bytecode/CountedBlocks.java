package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.List;

/**
 * The counters of a module that counts how often its basic blocks run: which place in the module
 * each of them is for. Filled while the module is emitted, then only read.
 */
public final class CountedBlocks {
  /** What a counter is for. */
  public sealed interface Counter {
    /** The index of its function. */
    int function();
  }

  /**
   * Counts how often a basic block was entered.
   *
   * @param from the offset in the module where its first instruction begins
   * @param to past the first byte of its last instruction
   * @param charged for each unit of fuel that it costs, the offset of the instruction that costs
   *     it; ascending, with repetitions. The unit of the function's call is at its first
   *     instruction
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, and large modules have many of them
  public record Block(int function, int from, int to, int[] charged, boolean isEntry)
      implements Counter {}

  /**
   * Counts the units of fuel that a bulk operation cost besides the one of its block.
   *
   * @param at the offset in the module where it begins
   */
  public record Bulk(int function, int at) implements Counter {}

  private final List<Counter> counters = new ArrayList<>();

  /** Adds a counter. Returns its index. */
  int add(Counter counter) {
    counters.add(counter);
    return counters.size() - 1;
  }

  /** The counters by index. */
  public List<Counter> counters() {
    return List.copyOf(counters);
  }
}
