package io.gonext.engine.bytecode;

import java.util.Arrays;
import java.util.BitSet;

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
 */
final class FuelCharges {
  /** The most units that are charged without a check, on any path. */
  static final int MOST_UNCHECKED = 1_000;

  private static final FuelCharges NONE = new FuelCharges(new int[1], false);

  /** The estimated bytes of bytecode of a charge, and of its check. */
  private static final int CHARGE_BYTES = 12;

  private static final int CHECK_BYTES = 16;

  /** The units that are charged at the start of the function, then after each instruction. */
  private final int[] units;

  private final BitSet checked = new BitSet();
  private final boolean isMetered;

  private FuelCharges(int[] units, boolean isMetered) {
    this.units = units;
    this.isMetered = isMetered;
  }

  /** For a module that does not count fuel. */
  static FuelCharges none() {
    return NONE;
  }

  static FuelCharges of(FunctionCode code) {
    var charges = new FuelCharges(new int[code.size + 1], true);
    charges.new Pass(code).run();
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

  /** Whether the charge after an instruction is checked. */
  boolean isChecked(int index) {
    return checked.get(index + 1);
  }

  /** The estimated bytes of bytecode of what is charged after an instruction. */
  int bytes(int index) {
    if (after(index) == 0) {
      return 0;
    }
    return isChecked(index) ? CHARGE_BYTES + CHECK_BYTES : CHARGE_BYTES;
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

    Pass(FunctionCode code) {
      this.code = code;
      this.atLabel = new int[code.size];
      this.atElse = new int[code.size];
      Arrays.fill(atLabel, NOT_REACHED);
    }

    void run() {
      begin(FunctionCode.FUNCTION, true);
      // The call itself.
      cost = 1;
      int charged = -1;
      for (int i = 0; i < code.size; i++) {
        int op = code.op[i];
        // An instruction of the legacy exception handling became several.
        if (code.hasOwnUnits(i)) {
          cost += code.units(i);
        } else if (code.units(i) > 0 && code.position[i] != charged) {
          cost += code.units(i);
          charged = code.position[i];
        }
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

    private void begin(int index, boolean always) {
      start = index + 1;
      isAlwaysChecked = always;
    }

    /** Ends the current basic block. */
    private void end() {
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
