package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The shape of a function whose control flow goes through one {@code br_table}: a loop of segments,
 * where a parameter says which segment is next. A jump sets the parameter to a constant and
 * branches to the loop. Go's compiler emits each function so, because a goroutine may have to
 * continue in the middle of it.
 */
final class Dispatch {
  /** Go's compiler emits so many instructions after a call before the next segment begins. */
  private static final int CALL_END = 4;

  final FunctionCode code;

  /** The index of the loop. */
  final int loop;

  /** The parameter that says which segment is next. */
  final int parameter;

  /** The first instruction of each segment. */
  final int[] from;

  /** The END after each segment: that of the next segment's block, or at last the loop's. */
  final int[] to;

  /** The segment that each value of the parameter means, the default last. */
  private final int[] table;

  /** The openers around the loop that its branches go to. */
  final int[] exits;

  /** The segment after each of the blocks whose ENDs separate them. */
  private final Map<Integer, Integer> segmentAfter = new HashMap<>();

  private Dispatch(FunctionCode code, int loop, List<Integer> blocks, int dispatch) {
    int segments = blocks.size();
    this.code = code;
    this.loop = loop;
    this.parameter = (int) code.immediate[dispatch];
    this.from = new int[segments];
    this.to = new int[segments];
    for (int i = 0; i < segments; i++) {
      int opener = blocks.get(segments - 1 - i);
      from[i] = code.partner[opener] + 1;
      to[i] = code.partner[i == segments - 1 ? loop : blocks.get(segments - 2 - i)];
      segmentAfter.put(opener, i);
    }
    this.exits =
        IntStream.range(loop, code.partner[loop])
            .flatMap(i -> Arrays.stream(code.targets(i)))
            .filter(target -> target < loop)
            .distinct()
            .toArray();
    this.table =
        Arrays.stream(code.labelsOf(dispatch + 1))
            .map(block -> segmentAfter.getOrDefault(block, -1))
            .toArray();
  }

  /** The dispatch of a function, or null when it has none or uses it in another way. */
  static @Nullable Dispatch of(FunctionCode code) {
    if (Names.isWide(code.signature)) {
      return null;
    }
    int loop = 0;
    while (isStraight(code, loop) || isEmptyBlock(code, loop)) {
      loop++;
    }
    if (code.op[loop] != Op.LOOP || !isEmpty(code.blockType(loop))) {
      return null;
    }
    List<Integer> blocks = new ArrayList<>();
    int i = loop + 1;
    while (isEmptyBlock(code, i)) {
      blocks.add(i++);
    }
    if (blocks.isEmpty()
        || code.op[i] != Op.LOCAL_GET
        || code.immediate[i] >= code.signature.parameters().length
        || code.op[i + 1] != Op.BR_TABLE) {
      return null;
    }
    var dispatch = new Dispatch(code, loop, blocks, i);
    return dispatch.isUsed() ? dispatch : null;
  }

  private static boolean isStraight(FunctionCode code, int index) {
    int op = code.op[index];
    return op != Op.END
        && op != Op.ELSE
        && !Op.isOpener(op)
        && !Op.isTerminal(op)
        && code.targets(index).length == 0;
  }

  private static boolean isEmptyBlock(FunctionCode code, int index) {
    return code.op[index] == Op.BLOCK && isEmpty(code.blockType(index));
  }

  private static boolean isEmpty(Signature type) {
    return type.parameters().length == 0 && type.results().length == 0;
  }

  /** Whether nothing else goes to the loop or decides the first segment. */
  private boolean isUsed() {
    if (Arrays.stream(table).anyMatch(segment -> segment < 0) || !code.falls[code.partner[loop]]) {
      return false;
    }
    for (int i = 0; i < code.size; i++) {
      int op = code.op[i];
      if (op == Op.TRY_TABLE
          || (i < loop && (op == Op.LOCAL_SET || op == Op.LOCAL_TEE) && names(i))
          || (op == Op.LOCAL_GET && names(i) && !isDispatch(i) && !isSetBefore(i))
          || (goesToLoop(i) && !isJump(i))) {
        return false;
      }
    }
    return true;
  }

  private boolean isDispatch(int index) {
    return index < from[0] && index > loop;
  }

  /** Whether the parameter is set before this in the same basic block. */
  private boolean isSetBefore(int index) {
    for (int i = index - 1; i > loop; i--) {
      int op = code.op[i];
      if ((op == Op.LOCAL_SET || op == Op.LOCAL_TEE) && names(i)) {
        return true;
      }
      if (!isStraight(code, i)) {
        return false;
      }
    }
    return false;
  }

  private boolean names(int index) {
    return code.immediate[index] == parameter;
  }

  private boolean goesToLoop(int index) {
    return Arrays.stream(code.targets(index)).anyMatch(target -> target == loop);
  }

  private boolean isJump(int index) {
    return code.op[index] == Op.BR
        && code.op[index - 1] == Op.LOCAL_SET
        && names(index - 1)
        && code.op[index - 2] == Op.I32_CONST
        && code.height[index] == code.height[loop];
  }

  int segments() {
    return from.length;
  }

  /** The segment where the function begins if the parameter is zero. */
  int first() {
    return table[0];
  }

  /** The segment that a branch goes to, or -1 if it goes elsewhere. */
  int segment(int branch, int target) {
    if (target != loop) {
      return segmentAfter.getOrDefault(target, -1);
    }
    int value = (int) code.immediate[branch - 2];
    return table[Integer.compareUnsigned(value, table.length) < 0 ? value : table.length - 1];
  }

  /** A value of the parameter that means a segment, or -1. */
  int valueOf(int segment) {
    for (int i = 0; i < table.length; i++) {
      if (table[i] == segment) {
        return i;
      }
    }
    return -1;
  }

  /** The function that is called at the end of a segment, or -1. */
  int callee(int segment) {
    for (int i = to[segment] - 1; i >= from[segment] && i >= to[segment] - CALL_END; i--) {
      if (code.op[i] == Op.CALL) {
        return (int) code.immediate[i];
      }
    }
    return -1;
  }

  boolean isEmpty(int segment) {
    return from[segment] == to[segment];
  }

  /** Whether control goes from a segment to the next one, or out of the loop. */
  boolean falls(int segment) {
    return code.falls[to[segment]];
  }
}
