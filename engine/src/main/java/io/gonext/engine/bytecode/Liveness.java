package io.gonext.engine.bytecode;

import java.util.BitSet;

/** Which locals are read later, before they are written. */
final class Liveness {
  private final FunctionCode code;

  /** For each block: the locals that are live where a branch to it goes. */
  private final BitSet[] atLabel;

  /** For each IF: the locals that are live at the start of its else. */
  private final BitSet[] atElse;

  /** At the wanted instructions. */
  private final BitSet[] before;

  /**
   * Computes what is live.
   *
   * @param wanted the instructions for which {@link #before} is asked
   */
  Liveness(FunctionCode code, BitSet wanted) {
    this.code = code;
    this.atLabel = new BitSet[code.size];
    this.atElse = new BitSet[code.size];
    this.before = new BitSet[code.size];
    while (pass(wanted)) {
      // A loop's start needs what the passes before found.
    }
  }

  /** The locals that are live before an instruction. */
  BitSet before(int index) {
    return before[index];
  }

  /** The locals that are live where a branch goes. */
  BitSet atLabel(int target) {
    BitSet live = target == FunctionCode.FUNCTION ? null : atLabel[target];
    return live == null ? new BitSet() : live;
  }

  /** Whether the start of a loop changed. */
  private boolean pass(BitSet wanted) {
    boolean changed = false;
    var live = new BitSet();
    for (int i = code.size - 1; i >= 0; i--) {
      int op = code.op[i];
      switch (op) {
        case Op.END -> {
          int opener = code.extra[i];
          if (opener == FunctionCode.FUNCTION) {
            live.clear();
          } else if (code.op[opener] != Op.LOOP) {
            atLabel[opener] = (BitSet) live.clone();
          }
        }
        case Op.ELSE -> {
          int opener = code.partner[i];
          atElse[opener] = (BitSet) live.clone();
          live.clear();
          live.or(atLabel(opener));
        }
        case Op.IF -> live.or(code.elseOf(i) < 0 ? atLabel(i) : atElse[i]);
        case Op.LOOP -> {
          if (!live.equals(atLabel[i])) {
            changed |= !(atLabel[i] == null && live.isEmpty());
            atLabel[i] = (BitSet) live.clone();
          }
        }
        case Op.BR, Op.BR_TABLE, Op.RETURN, Op.UNREACHABLE -> {
          live.clear();
          branches(i, live);
        }
        case Op.BR_IF -> branches(i, live);
        case Op.LOCAL_GET -> live.set((int) code.immediate[i]);
        case Op.LOCAL_SET, Op.LOCAL_TEE -> live.clear((int) code.immediate[i]);
        default -> {
          // no local
        }
      }
      if (wanted.get(i)) {
        before[i] = (BitSet) live.clone();
      }
    }
    return changed;
  }

  private void branches(int index, BitSet live) {
    for (int target : code.targets(index)) {
      live.or(atLabel(target));
    }
  }
}
