package io.gonext.engine;

import io.gonext.engine.bytecode.CountedBlocks;
import io.gonext.engine.bytecode.CountedBlocks.Counter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How often each basic block of a module ran until a moment, and what that cost in fuel. Immutable.
 *
 * <p>A basic block is a stretch of a function that is entered at its first instruction only, and
 * that runs to its end unless an instruction in it traps or an exception passes through a call in
 * it. It is counted when it is entered. A block may go on behind other blocks that are inside it.
 */
public final class Coverage {
  private static final Comparator<SourceLocation> BY_PLACE =
      Comparator.comparing(SourceLocation::file).thenComparingInt(SourceLocation::line);

  private final CoveredPlaces places;
  private final long[] counts;

  Coverage(CoveredPlaces places, long[] counts) {
    this.places = places;
    this.counts = counts;
  }

  /**
   * A basic block.
   *
   * @param function the index of its function
   * @param from the offset in the module where its first instruction begins
   * @param to past the first byte of its last instruction
   * @param units of fuel that one run of it costs, without what bulk operations in it cost by their
   *     sizes
   * @param runs how often it was entered
   */
  public record Block(int function, int from, int to, int units, long runs) {
    /** The fuel that all runs cost. */
    public long fuel() {
      return units * runs;
    }
  }

  /**
   * A function.
   *
   * @param index its index in the module
   * @param name as in {@link GuestFrame#name}. Untrusted
   * @param offset of its first instruction in the module
   * @param source the line of its first instruction, or null without debug information
   * @param calls how often it was entered
   * @param fuel what its own instructions cost, without the functions that it called
   */
  public record Function(
      int index, String name, int offset, @Nullable SourceLocation source, long calls, long fuel) {}

  /**
   * A line of the source that has instructions.
   *
   * @param runs how often its block ran that ran most; where the line is in several functions,
   *     because it is generic or was inlined, the sum of these
   * @param fuel what the line's instructions cost
   */
  public record Line(SourceLocation source, long runs, long fuel) {}

  /** What ran since an earlier moment of the same module. */
  public Coverage since(Coverage earlier) {
    if (earlier.places != places) {
      throw new IllegalArgumentException("the earlier coverage is another module's");
    }
    var difference = new long[counts.length];
    Arrays.setAll(difference, i -> counts[i] - earlier.counts[i]);
    return new Coverage(places, difference);
  }

  /** All blocks, also those that never ran, by function. */
  public List<Block> blocks() {
    var blocks = new ArrayList<Block>();
    List<Counter> counters = places.counters();
    for (int i = 0; i < counts.length; i++) {
      if (counters.get(i) instanceof CountedBlocks.Block block) {
        blocks.add(
            new Block(
                block.function(), block.from(), block.to(), block.charged().length, counts[i]));
      }
    }
    return blocks;
  }

  /**
   * The fuel that was charged. As much as the runs of the instances used, if they had enough: a run
   * that ends for lack of fuel was charged a little more than it had.
   */
  public long fuel() {
    return functions().stream().mapToLong(Function::fuel).sum();
  }

  /** The functions with code, also those that never ran, in the module's order. */
  public List<Function> functions() {
    record Sum(int offset, long calls, long fuel) {}
    var sums = new TreeMap<Integer, Sum>();
    List<Counter> counters = places.counters();
    for (int i = 0; i < counts.length; i++) {
      long count = counts[i];
      Sum sum =
          switch (counters.get(i)) {
            case CountedBlocks.Block block ->
                new Sum(
                    block.isEntry() ? block.charged()[0] : 0,
                    block.isEntry() ? count : 0,
                    count * block.charged().length);
            case CountedBlocks.Bulk _ -> new Sum(0, 0, count);
          };
      sums.merge(
          counters.get(i).function(),
          sum,
          (one, other) ->
              new Sum(
                  Math.max(one.offset, other.offset),
                  one.calls + other.calls,
                  one.fuel + other.fuel));
    }
    var functions = new ArrayList<Function>();
    sums.forEach((index, sum) ->
        functions.add(
            new Function(
                index,
                places.nameOf(index),
                sum.offset,
                places.line(sum.offset),
                sum.calls,
                sum.fuel)));
    return functions;
  }

  /** The lines with code, also those that never ran, by file and number; none without DWARF. */
  public List<Line> lines() {
    var runs = new TreeMap<SourceLocation, Map<Integer, Long>>(BY_PLACE);
    var fuel = new HashMap<SourceLocation, Long>();
    List<Counter> counters = places.counters();
    for (int i = 0; i < counts.length; i++) {
      long count = counts[i];
      switch (counters.get(i)) {
        case CountedBlocks.Block block -> {
          int function = block.function();
          for (SourceLocation line : linesOf(block, count, fuel)) {
            runs.computeIfAbsent(line, _ -> new HashMap<>()).merge(function, count, Math::max);
          }
        }
        case CountedBlocks.Bulk bulk -> {
          SourceLocation line = places.line(bulk.at());
          if (line != null) {
            fuel.merge(line, count, Long::sum);
          }
        }
      }
    }
    var lines = new ArrayList<Line>();
    runs.forEach((line, byFunction) ->
        lines.add(
            new Line(
                line,
                byFunction.values().stream().mapToLong(Long::longValue).sum(),
                fuel.getOrDefault(line, 0L))));
    return lines;
  }

  private Set<SourceLocation> linesOf(
      CountedBlocks.Block block, long count, Map<SourceLocation, Long> fuel) {
    var lines = new HashSet<SourceLocation>();
    int known = -1;
    SourceLocation line = null;
    for (int at : block.charged()) {
      if (at != known) {
        line = places.line(at);
        known = at;
      }
      if (line != null) {
        lines.add(line);
        fuel.merge(line, count, Long::sum);
      }
    }
    // A block may consist of instructions that cost nothing.
    for (int at : new int[] {block.from(), block.to() - 1}) {
      SourceLocation end = places.line(at);
      if (end != null) {
        lines.add(end);
      }
    }
    return lines;
  }

  /** The fuel of instructions without a line is the rest of the function's. */
  public Map<Integer, Map<SourceLocation, Long>> fuelByFunctionAndLine() {
    var all = new LinkedHashMap<Integer, Map<SourceLocation, Long>>();
    List<Counter> counters = places.counters();
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] == 0) {
        continue;
      }
      Map<SourceLocation, Long> fuel =
          all.computeIfAbsent(counters.get(i).function(), _ -> new TreeMap<>(BY_PLACE));
      switch (counters.get(i)) {
        case CountedBlocks.Block block -> linesOf(block, counts[i], fuel);
        case CountedBlocks.Bulk bulk -> {
          SourceLocation line = places.line(bulk.at());
          if (line != null) {
            fuel.merge(line, counts[i], Long::sum);
          }
        }
      }
    }
    return all;
  }
}
