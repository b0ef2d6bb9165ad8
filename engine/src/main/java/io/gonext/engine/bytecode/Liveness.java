package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Finds which locals are read later, before they are written. */
final class Liveness {
  /** After so many passes over nested loops, every local counts as read in every loop. */
  private static final int MOST_PASSES = 8;

  private static final BitSet NONE = new BitSet();

  private final FunctionCode code;

  /**
   * The locals that are live where a branch to a block goes. Those of a loop stay from pass to
   * pass, the others until the pass has left the block.
   */
  private final @Nullable BitSet[] atLabel;

  /** The locals that are live at the start of the else of an if that the pass has not left. */
  private final Map<Integer, BitSet> atElse = new HashMap<>();

  /** The parts by where they begin and by where they end; empty before the last pass. */
  private final Map<Integer, List<Part>> beginning = new HashMap<>();

  private final Map<Integer, List<Part>> ending = new HashMap<>();

  /** The locals that are live after each part whose beginning the pass has not reached. */
  private final Map<Part, BitSet> after = new HashMap<>();

  private final BitSet live = new BitSet();

  /** The locals that are live in the handlers of the tries around, the innermost last. */
  private final List<BitSet> atHandlers = new ArrayList<>();

  private Liveness(FunctionCode code) {
    this.code = code;
    this.atLabel = new BitSet[code.size];
  }

  /**
   * Sets the inputs and outputs of parts.
   *
   * @return the locals that are live at the function's start
   */
  static BitSet apply(FunctionCode code, Map<Part, Partition.Mentions> parts) {
    var liveness = new Liveness(code);
    int passes = 1;
    while (liveness.pass(parts)) {
      if (++passes == MOST_PASSES) {
        liveness.assumeAllInLoops();
      }
    }
    for (Part part : parts.keySet()) {
      liveness.beginning.computeIfAbsent(part.from, _ -> new ArrayList<>()).add(part);
      liveness.ending.computeIfAbsent(part.to, _ -> new ArrayList<>()).add(part);
    }
    liveness.pass(parts);
    return liveness.live;
  }

  /**
   * Begins the body of a try, at its end. What its handlers read is live in all of it, since any
   * instruction may throw.
   */
  private void enterTry(int opener) {
    var handlers = atHandlers.isEmpty() ? new BitSet() : (BitSet) atHandlers.getLast().clone();
    for (int target : code.targets(opener)) {
      handlers.or(atLabel(target));
    }
    atHandlers.add(handlers);
  }

  private void assumeAllInLoops() {
    for (int i = 0; i < code.size; i++) {
      if (code.op[i] == Op.LOOP) {
        var all = new BitSet();
        all.set(0, code.locals.length);
        atLabel[i] = all;
      }
    }
  }

  private BitSet atLabel(int target) {
    BitSet known = target == FunctionCode.FUNCTION ? null : atLabel[target];
    return known == null ? NONE : known;
  }

  /** Goes through the function backwards. Returns whether the start of a loop changed. */
  private boolean pass(Map<Part, Partition.Mentions> parts) {
    boolean changed = false;
    live.clear();
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
          if (opener != FunctionCode.FUNCTION && code.op[opener] == Op.TRY_TABLE) {
            enterTry(opener);
          }
        }
        case Op.ELSE -> {
          int opener = code.partner[i];
          atElse.put(opener, (BitSet) live.clone());
          live.clear();
          live.or(atLabel(opener));
        }
        case Op.IF -> {
          BitSet otherwise = atElse.remove(i);
          live.or(otherwise == null ? atLabel(i) : otherwise);
          atLabel[i] = null;
        }
        case Op.BLOCK -> atLabel[i] = null;
        case Op.TRY_TABLE -> {
          atLabel[i] = null;
          atHandlers.removeLast();
        }
        case Op.LOOP -> {
          BitSet known = atLabel[i];
          if (known == null || !contains(known, live)) {
            changed |= known != null || !live.isEmpty();
            BitSet all = (BitSet) live.clone();
            all.or(atLabel(i));
            atLabel[i] = all;
          }
          live.or(atLabel(i));
        }
        case Op.BR_IF -> branches(i);
        case Op.RESUME -> {
          branches(i);
          for (int local : code.resumption().loop().inputs) {
            live.set(local);
          }
        }
        case Op.LOCAL_GET -> live.set((int) code.immediate[i]);
        case Op.LOCAL_SET, Op.LOCAL_TEE -> live.clear((int) code.immediate[i]);
        default -> {
          if (Op.isTerminal(op)) {
            live.clear();
            branches(i);
          }
        }
      }
      if (!atHandlers.isEmpty()) {
        live.or(atHandlers.getLast());
      }
      for (Part part : ending.getOrDefault(i, List.of())) {
        after.put(part, (BitSet) live.clone());
      }
      for (Part part : beginning.getOrDefault(i, List.of())) {
        describe(part, Objects.requireNonNull(parts.get(part)));
      }
    }
    return changed;
  }

  /** Sets a part's inputs and outputs. The pass is at its first instruction. */
  private void describe(Part part, Partition.Mentions mentions) {
    BitSet liveAfter = Objects.requireNonNull(after.remove(part));
    BitSet outputs = part.exits.get(Part.FALL) ? liveAfter : new BitSet();
    int target = code.outer(part.from);
    for (int i = part.exits.length() - 1; i > Part.FALL; i = part.exits.previousSetBit(i - 1)) {
      while (code.number(target) != i) {
        target = code.outer(target);
      }
      outputs.or(atLabel(target));
    }
    outputs.and(mentions.written());
    if (!atHandlers.isEmpty()) {
      var thrown = (BitSet) mentions.written().clone();
      thrown.and(atHandlers.getLast());
      part.thrown = thrown.stream().toArray();
    }
    var inputs = (BitSet) mentions.used().clone();
    inputs.and(live);
    part.outputs = outputs.stream().toArray();
    // In the order of their kinds, so that fewer combinations occur: see EmittedClasses.
    part.inputs =
        inputs.stream()
            .boxed()
            .sorted(Comparator.comparing(local -> Kind.of(code.locals[local])))
            .mapToInt(Integer::intValue)
            .toArray();
  }

  private static boolean contains(BitSet all, BitSet some) {
    var missing = (BitSet) some.clone();
    missing.andNot(all);
    return missing.isEmpty();
  }

  private void branches(int index) {
    for (int target : code.targets(index)) {
      live.or(atLabel(target));
    }
  }
}
