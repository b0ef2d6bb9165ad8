package io.gonext.engine.bytecode;

import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Rewrites a function with a {@link Dispatch} for calls whose parameter is zero: the jumps become
 * blocks and loops, and nothing goes through the {@code br_table} any more. HotSpot sees the loops
 * then, and they can become parts. Other calls, and control that would enter a loop in its middle,
 * go on in the loop as it was: see {@link Op#RESUME}.
 *
 * <p>Fuel, traps and results are the same in both.
 */
final class Restructure {
  /** Deeper nesting is not worth it. */
  private static final int MOST_DEPTH = 300;

  /** What a jump through the loop costs in fuel besides the branch: the dispatch. */
  private static final int DISPATCH_UNITS = 2;

  private static final Signature EMPTY = new Signature(new byte[0], new byte[0]);

  private final Dispatch dispatch;
  private final SegmentGraph graph;
  private final FunctionCode code;
  private final FunctionCode to;

  /** The new index of each opener. */
  private final int[] openers;

  /** The block whose END a segment with a label follows. */
  private final int[] labels;

  /** The LOOP of each segment that begins one. */
  private final int[] loops;

  /** The block that the whole loop has become. */
  private int whole;

  /** The block before what goes on in the loop as it was. */
  private int other;

  private int depth;

  /** The height of the stack at the loop, and the loop's position. */
  private final int base;

  private final int at;

  private Restructure(Dispatch dispatch, SegmentGraph graph) {
    this.dispatch = dispatch;
    this.graph = graph;
    this.code = dispatch.code;
    this.openers = new int[code.size];
    this.labels = new int[dispatch.segments()];
    this.loops = new int[dispatch.segments()];
    this.base = code.height[dispatch.loop];
    this.at = code.position[dispatch.loop];
    this.to =
        new FunctionCode(code.function, code.signature, code.locals, code.start, code.size + 64);
    to.resumptionTargets = dispatch.exits;
  }

  /**
   * The function in another form, or null when it stays as it is.
   *
   * @param returning the functions of the module that may return
   */
  static @Nullable FunctionCode of(Dispatch dispatch, BitSet returning) {
    SegmentGraph graph = SegmentGraph.of(dispatch, returning);
    if (graph == null) {
      return null;
    }
    var restructure = new Restructure(dispatch, graph);
    return restructure.run() ? restructure.to : null;
  }

  private boolean run() {
    for (int i = 0; i < dispatch.loop; i++) {
      copy(i);
    }
    whole = open(Op.BLOCK);
    other = open(Op.BLOCK);
    add(Op.LOCAL_GET, dispatch.parameter, 0, base, 0);
    add(Op.BR_IF, 0, other, base + 1, 0);
    add(Op.NOP, 0, 0, base, DISPATCH_UNITS);
    if (!tree(dispatch.first())) {
      return false;
    }
    close(other);
    add(Op.RESUME, 0, 0, base, 0);
    to.end(whole, at, base, true);
    rest();
    return true;
  }

  /** Adds an instruction that the function did not have. */
  private void add(int op, long immediate, int target, int height, int units) {
    int low = op == Op.BR_IF || op == Op.LOCAL_SET ? height - 1 : height;
    to.units(to.add(op, immediate, target, at, height, low), units);
  }

  /**
   * Emits a segment and what it dominates. Control never continues after it.
   *
   * @return false when the nesting is too deep
   */
  private boolean tree(int first) {
    int segment = first;
    while (true) {
      List<Integer> behind = graph.behind(segment);
      List<Integer> inside = graph.inside(segment);
      behind.forEach(this::label);
      if (graph.isLoop(segment)) {
        loops[segment] = open(Op.LOOP);
      }
      inside.forEach(this::label);
      if (depth > MOST_DEPTH || !body(segment)) {
        return false;
      }
      int next = fall(segment);
      if (next >= 0 && inside.isEmpty() && !graph.isLoop(segment)) {
        segment = next;
        continue;
      }
      if (next >= 0 && !tree(next)) {
        return false;
      }
      if (!labelled(inside)) {
        return false;
      }
      if (graph.isLoop(segment)) {
        close(loops[segment]);
      }
      return labelled(behind);
    }
  }

  private void label(int segment) {
    labels[segment] = open(Op.BLOCK);
  }

  private boolean labelled(List<Integer> segments) {
    for (int segment : segments.reversed()) {
      close(labels[segment]);
      if (!tree(segment)) {
        return false;
      }
    }
    return true;
  }

  private int open(int op) {
    depth++;
    return to.add(op, to.block(EMPTY), -1, at, base, base);
  }

  private void close(int opener) {
    depth--;
    to.end(opener, at, base, false);
  }

  /** Copies a segment's instructions. */
  private boolean body(int segment) {
    for (int i = dispatch.from[segment]; i < dispatch.to[segment]; i++) {
      boolean isJump = code.op[i] == Op.BR && code.extra[i] == dispatch.loop;
      if (!isJump) {
        copy(i, segment);
        continue;
      }
      int target = dispatch.segment(i, dispatch.loop);
      int units = code.units(i) + DISPATCH_UNITS;
      if (graph.isInPlace(segment, target)) {
        int last = to.size() - 1;
        to.units(last, to.units(last) + units);
        if (!tree(target)) {
          return false;
        }
      } else {
        to.units(branch(segment, target, code.position[i]), units);
      }
    }
    return true;
  }

  /** Ends a segment. Returns the one that follows in its place, or -1. */
  private int fall(int segment) {
    if (!dispatch.falls(segment)) {
      return -1;
    }
    int end = dispatch.to[segment];
    int next = segment + 1;
    if (next == dispatch.segments()) {
      add(Op.BR, 0, whole, base, 0);
      return -1;
    }
    if (graph.isCut(segment)) {
      add(Op.I32_CONST, dispatch.valueOf(next), 0, base, 0);
      // The loop charges its dispatch, which control does not pass here.
      add(Op.LOCAL_SET, dispatch.parameter, 0, base + 1, -DISPATCH_UNITS);
      add(Op.BR, 0, other, base, 0);
      return -1;
    }
    if (graph.isInPlace(segment, next)) {
      return next;
    }
    to.units(branch(segment, next, code.position[end]), 0);
    return -1;
  }

  private int branch(int from, int target, int position) {
    return to.add(Op.BR, 0, labelOf(from, target), position, base, base);
  }

  private int labelOf(int from, int target) {
    return graph.isBackward(from, target) ? loops[target] : labels[target];
  }

  // Instructions ----------------------------------------------------------------------------------

  /** Copies the instructions after the loop, which control reaches in both. */
  private void rest() {
    for (int i = code.partner[dispatch.loop] + 1; i < code.size; i++) {
      copy(i);
    }
  }

  private void copy(int index) {
    copy(index, -1);
  }

  /** Copies an instruction of a segment, or of the code around the loop. */
  private void copy(int i, int segment) {
    int op = code.op[i];
    switch (op) {
      case Op.END -> {
        depth--;
        int opener = code.extra[i];
        int mapped = opener == FunctionCode.FUNCTION ? opener : openers[opener];
        to.end(mapped, code.position[i], code.height[i], code.falls[i]);
        return;
      }
      case Op.ELSE -> {
        int index = add(i, 0, 0);
        to.otherwise(openers[code.partner[i]], index, code.falls[i]);
        return;
      }
      case Op.BR_TABLE -> {
        int[] targets =
            Arrays.stream(code.labelsOf(i)).map(target -> target(i, target, segment)).toArray();
        add(i, to.labels(targets), code.extra[i]);
        return;
      }
      case Op.BR, Op.BR_IF -> {
        add(i, code.immediate[i], target(i, code.extra[i], segment));
        return;
      }
      default -> {
        if (Op.isOpener(op)) {
          depth++;
          openers[i] = add(i, to.block(code.blockType(i)), -1);
          return;
        }
      }
    }
    add(i, code.immediate[i], code.extra[i]);
  }

  private int add(int i, long immediate, int extra) {
    return to.add(code.op[i], immediate, extra, code.position[i], code.height[i], code.low[i]);
  }

  private int target(int branch, int target, int segment) {
    if (target == FunctionCode.FUNCTION) {
      return target;
    }
    int other = dispatch.segment(branch, target);
    return other < 0 ? openers[target] : labelOf(segment, other);
  }
}
