package io.gonext.engine.bytecode;

import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a function's basic blocks cost in units of fuel, and where the charges stand. Only the
 * function's instructions decide this, not how the function is divided into parts.
 *
 * <p>An instruction costs one unit. {@code nop}, {@code drop}, {@code block}, {@code loop}, {@code
 * else}, {@code end}, {@code return} and {@code unreachable} cost nothing, because what they do is
 * part of other instructions. The call of a function costs one unit more, so that an empty function
 * is not free. These are the costs that Wasmtime 50 has. The {@code end} of a legacy {@code try}
 * may cost a unit too.
 *
 * <p>A block is charged as a whole when control enters it. It begins at the start of the function
 * or of a loop, after a branch or an if, at an else, and where a branch arrives. A call does not
 * end it. A charge that is <em>checked</em> ends the guest if less than nothing is left. Those at
 * the start of functions and loops are checked, and the first one after a call; and so many others
 * that at most {@link #MOST_UNCHECKED} units are ever charged without a check.
 *
 * <p>A module may also count how often each of these blocks runs. Then blocks of instructions that
 * cost nothing have a counter too.
 */
final class FuelCharges {
  /** The most units that are charged without a check, on any path. */
  static final int MOST_UNCHECKED = 1_000;

  private static final FuelCharges NONE = new FuelCharges(new int[1], false, false);

  /** The estimated bytes of bytecode of a charge, and of its check. */
  private static final int CHARGE_BYTES = 12;

  private static final int CHECK_BYTES = 16;

  /** Those of a counter. */
  private static final int COUNT_BYTES = 14;

  /** Where no counter is. */
  static final int NO_COUNTER = -1;

  /** The units that are charged at the start of the function, then after each instruction. */
  private final int[] units;

  private final BitSet checked = new BitSet();
  private final boolean isMetered;

  /** The counters at the same places as the units, or empty. */
  private final int[] counters;

  /** The counters of bulk operations, by index. */
  private final Map<Integer, Integer> bulkCounters = new HashMap<>();

  private FuelCharges(int[] units, boolean isMetered, boolean isCounted) {
    this.units = units;
    this.isMetered = isMetered;
    this.counters = new int[isCounted ? units.length : 0];
    Arrays.fill(counters, NO_COUNTER);
  }

  /** For a module that does not count fuel. */
  static FuelCharges none() {
    return NONE;
  }

  /**
   * The charges of a function.
   *
   * @param counted gets the counters of its blocks, or null if they are not counted
   */
  static FuelCharges of(FunctionCode code, @Nullable CountedBlocks counted) {
    var charges = new FuelCharges(new int[code.size + 1], true, counted != null);
    charges.new Pass(code, counted).run();
    return charges;
  }

  boolean isMetered() {
    return isMetered;
  }

  /** The units that are charged at the start of the function. */
  int atStart() {
    return units[0];
  }

  /** The units that are charged after an instruction: at its label if it has one. */
  int after(int index) {
    return isMetered ? units[index + 1] : 0;
  }

  /** The counter of the function's first block, or {@link #NO_COUNTER}. */
  int counterAtStart() {
    return counters.length == 0 ? NO_COUNTER : counters[0];
  }

  /** The counter of the block that begins after an instruction, or {@link #NO_COUNTER}. */
  int counterAfter(int index) {
    return counters.length == 0 ? NO_COUNTER : counters[index + 1];
  }

  /** The counter of a bulk operation's units, or {@link #NO_COUNTER}. */
  int bulkCounter(int index) {
    return bulkCounters.getOrDefault(index, NO_COUNTER);
  }

  /** Whether the charge after an instruction is checked. */
  boolean isChecked(int index) {
    return checked.get(index + 1);
  }

  /** The estimated bytes of bytecode of what is charged after an instruction. */
  int bytes(int index) {
    int count = counterAfter(index) == NO_COUNTER ? 0 : COUNT_BYTES;
    if (after(index) == 0) {
      return count;
    }
    return count + (isChecked(index) ? CHARGE_BYTES + CHECK_BYTES : CHARGE_BYTES);
  }

  /** Whether an operation costs as much as it is large. */
  private static boolean isBulk(int op) {
    return switch (op) {
      case Op.MEMORY_COPY,
          Op.MEMORY_FILL,
          Op.MEMORY_INIT,
          Op.MEMORY_GROW,
          Op.TABLE_COPY,
          Op.TABLE_FILL,
          Op.TABLE_INIT,
          Op.TABLE_GROW ->
          true;
      default -> false;
    };
  }

  /** The units of an instruction with this opcode. */
  static int cost(int op) {
    return switch (op) {
      case Op.NOP, Op.DROP, Op.BLOCK, Op.LOOP, Op.ELSE, Op.END, Op.RETURN, Op.UNREACHABLE -> 0;
      default -> 1;
    };
  }

  /** Goes through a function once, in order. Only loops have branches backward. */
  private final class Pass {
    private static final int NOT_REACHED = -1;

    private final FunctionCode code;
    private final @Nullable CountedBlocks counted;

    /** The places of the instructions of the current block that cost something, first ones. */
    private int[] charged = new int[16];

    /** The places of its first and last instruction that does something; -1 if there is none. */
    private int firstAt = -1;

    private int lastAt = -1;

    /** For each block: the most units that were charged without a check when a branch arrives. */
    private final int[] atLabel;

    /** For each if: the same where it skips its first branch. */
    private final int[] atElse;

    /** Where the current basic block is charged. */
    private int start;

    /** Whether that charge is checked in any case. */
    private boolean isAlwaysChecked;

    private int cost;
    private boolean calls;

    /** The most units that were charged without a check since the last one, on any path here. */
    private int unchecked;

    Pass(FunctionCode code, @Nullable CountedBlocks counted) {
      this.code = code;
      this.counted = counted;
      this.atLabel = new int[code.size];
      this.atElse = new int[code.size];
      Arrays.fill(atLabel, NOT_REACHED);
    }

    void run() {
      begin(FunctionCode.FUNCTION, true);
      // The call itself.
      add(1, code.start);
      int last = -1;
      for (int i = 0; i < code.size; i++) {
        int op = code.op[i];
        // An instruction of the legacy exception handling became several.
        if (code.hasOwnUnits(i)) {
          add(code.units(i), code.position[i]);
        } else if (code.units(i) > 0 && code.position[i] != last) {
          add(code.units(i), code.position[i]);
          last = code.position[i];
        }
        see(i);
        switch (op) {
          case Op.LOOP -> {
            end();
            begin(i, true);
          }
          case Op.IF -> {
            end();
            atElse[i] = unchecked;
            begin(i, false);
          }
          case Op.ELSE -> otherwise(i);
          case Op.END -> {
            if (code.resumedLoop >= 0 && code.extra[i] == code.resumedLoop) {
              // The code that follows is another's.
              end();
              return;
            }
            end(i);
          }
          case Op.CALL, Op.CALL_INDIRECT -> calls = true;
          case Op.RESUME -> {
            calls = true;
            end();
            arrive(code.targets(i));
            begin(i, false);
          }
          case Op.TRY_TABLE -> {
            end();
            // Anything in the body can throw.
            unchecked = MOST_UNCHECKED;
            arrive(code.targets(i));
            begin(i, false);
          }
          default -> {
            int[] targets = code.targets(i);
            if (targets.length > 0 || Op.isTerminal(op)) {
              end();
              arrive(targets);
              begin(i, false);
            }
          }
        }
      }
    }

    /** Adds units that an instruction costs. */
    private void add(int more, int at) {
      if (counted != null) {
        for (int i = 0; i < more; i++) {
          if (cost + i == charged.length) {
            charged = Arrays.copyOf(charged, 2 * charged.length);
          }
          charged[cost + i] = at;
        }
      }
      cost += more;
    }

    /** Notes where an instruction is, and a bulk operation's counter. */
    private void see(int i) {
      if (counted == null) {
        return;
      }
      int op = code.op[i];
      if (isBulk(op)) {
        bulkCounters.put(i, counted.add(new CountedBlocks.Bulk(code.function, code.position[i])));
      }
      boolean isMark =
          op == Op.BLOCK || op == Op.LOOP || op == Op.ELSE || op == Op.END || op == Op.NOP;
      if (!isMark) {
        firstAt = firstAt < 0 ? code.position[i] : Math.min(firstAt, code.position[i]);
        lastAt = Math.max(lastAt, code.position[i]);
      }
    }

    /** Gives the block that ends its counter. */
    private void count() {
      if (counted == null || (cost == 0 && firstAt < 0)) {
        return;
      }
      int[] places = Arrays.copyOf(charged, cost);
      Arrays.sort(places);
      int from = firstAt < 0 ? places[0] : firstAt;
      int to = Math.max(from, lastAt) + 1;
      counters[start] =
          counted.add(new CountedBlocks.Block(code.function, from, to, places, start == 0));
      firstAt = -1;
      lastAt = -1;
    }

    private void begin(int index, boolean always) {
      start = index + 1;
      isAlwaysChecked = always;
    }

    /** Ends the current basic block. */
    private void end() {
      count();
      if (cost != 0) {
        units[start] = cost;
        unchecked += cost;
        if (isAlwaysChecked || unchecked > MOST_UNCHECKED) {
          checked.set(start);
          unchecked = 0;
        }
      }
      if (calls) {
        unchecked = MOST_UNCHECKED;
      }
      cost = 0;
      calls = false;
    }

    private void arrive(int[] targets) {
      for (int target : targets) {
        if (target != FunctionCode.FUNCTION && code.op[target] != Op.LOOP) {
          atLabel[target] = Math.max(atLabel[target], unchecked);
        }
      }
    }

    private void otherwise(int index) {
      end();
      int opener = code.partner[index];
      if (code.falls[index]) {
        arrive(new int[] {opener});
      }
      unchecked = atElse[opener];
      begin(index, false);
    }

    private void end(int index) {
      int opener = code.extra[index];
      if (opener == FunctionCode.FUNCTION) {
        end();
        return;
      }
      boolean skips = code.op[opener] == Op.IF && code.elseOf(opener) < 0;
      if (atLabel[opener] == NOT_REACHED && !skips) {
        // Control arrives only from the instruction before, if at all.
        return;
      }
      end();
      unchecked =
          Math.max(
              Math.max(atLabel[opener], skips ? atElse[opener] : NOT_REACHED),
              code.falls[index] ? unchecked : NOT_REACHED);
      begin(index, false);
    }
  }
}
