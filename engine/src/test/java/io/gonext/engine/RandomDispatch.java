package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;

import io.gonext.engine.bytecode.Op;
import java.util.SplittableRandom;

/**
 * A random valid module of functions in the shape that Go's compiler gives them: a loop of
 * segments, and a {@code br_table} by the parameter. Segments jump, fall, call and return at
 * random, so that there are loops with one entry and with several. It ends, because it counts
 * segments in a global.
 */
final class RandomDispatch {
  /** The index of the global that counts down. */
  static final int FUEL = 0;

  private static final int MOST_SEGMENTS = 14;
  private static final int FUNCTIONS = 3;
  private static final int PARAMETER = 0;
  private static final int SUM = 1;
  private static final int LONG = 2;
  private static final int EMPTY = 0x40;

  // Instructions of i32.
  private static final int LESS = 0x48;
  private static final int ADD = 0x6A;
  private static final int SUBTRACT = 0x6B;
  private static final int MULTIPLY = 0x6C;
  private static final int AND = 0x71;

  private final SplittableRandom random;

  private RandomDispatch(long seed) {
    random = new SplittableRandom(seed);
  }

  /** The module of a seed, always the same. */
  static byte[] of(long seed) {
    return new RandomDispatch(seed).module();
  }

  private byte[] module() {
    int all = 2 * FUNCTIONS;
    var functions = part().u32(all);
    var exports = part().u32(all);
    var elements = part().u32(1).bytes(0, 0x41, 0, 0x0B).u32(all);
    var bodies = part().u32(all);
    for (int i = 0; i < all; i++) {
      functions.u32(0);
      exports.name("f" + i).bytes(0).u32(i);
      elements.u32(i);
      byte[] body = (i < FUNCTIONS ? dispatch() : caller(i - FUNCTIONS)).toBytes();
      bodies.u32(body.length).raw(body);
    }
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 1, Op.I32, 1, Op.I32))
        .section(3, functions)
        .section(4, part().u32(1).bytes(Op.FUNCREF, 0).u32(all))
        .section(5, part().u32(1).bytes(0, 1))
        .section(6, part().u32(1).bytes(Op.I32, 1, 0x41).signed(1_000).bytes(0x0B))
        .section(7, exports)
        .section(9, elements)
        .section(10, bodies)
        .toBytes();
  }

  /** Calls a function with a parameter that means one of its segments. */
  private static WasmBytes caller(int function) {
    return part()
        .u32(0)
        .bytes(Op.LOCAL_GET, 0, Op.I32_CONST)
        .signed(MOST_SEGMENTS - 1)
        .bytes(AND, Op.CALL)
        .u32(function)
        .bytes(Op.END);
  }

  private boolean once(int in) {
    return random.nextInt(in) == 0;
  }

  private WasmBytes dispatch() {
    int segments = 1 + random.nextInt(MOST_SEGMENTS);
    var to = part().u32(2).bytes(1, Op.I32, 1, Op.I64);
    if (once(2)) {
      to.bytes(Op.I32_CONST, 3, Op.LOCAL_SET, SUM);
    }
    to.bytes(Op.BLOCK, EMPTY, Op.LOOP, EMPTY);
    for (int i = 0; i < segments; i++) {
      to.bytes(Op.BLOCK, EMPTY);
    }
    int values = 1 + random.nextInt(segments + 2);
    to.bytes(Op.LOCAL_GET, PARAMETER, Op.BR_TABLE).u32(values);
    for (int i = 0; i < values; i++) {
      to.u32(i == 0 ? 0 : Math.min(segments - 1, i - random.nextInt(2)));
    }
    to.u32(once(2) ? segments - 1 : random.nextInt(segments)).bytes(Op.END);
    for (int i = 0; i < segments; i++) {
      segment(to, segments - 1 - i);
      to.bytes(Op.END);
    }
    // Go's compiler emits an UNREACHABLE here.
    if (once(2)) {
      to.bytes(Op.UNREACHABLE);
    }
    to.bytes(Op.END, Op.LOCAL_GET, SUM, Op.END);
    return to;
  }

  /**
   * Emits a segment.
   *
   * @param loop the label of the loop; the next segments' blocks are inside it, the next one's
   *     first
   */
  private void segment(WasmBytes to, int loop) {
    if (once(8)) {
      return;
    }
    to.bytes(Op.GLOBAL_GET, FUEL, Op.I32_CONST, 1, SUBTRACT, Op.GLOBAL_SET, FUEL);
    to.bytes(Op.GLOBAL_GET, FUEL, Op.I32_CONST, 0, LESS, Op.IF, EMPTY);
    to.bytes(Op.LOCAL_GET, SUM, Op.RETURN, Op.END);
    for (int i = random.nextInt(4); i > 0; i--) {
      action(to, loop);
    }
    switch (random.nextInt(8)) {
      case 0, 1 -> jump(to, loop);
      case 2 -> to.bytes(Op.LOCAL_GET, SUM, Op.RETURN);
      case 3 -> to.bytes(Op.BR).u32(loop + 1);
      case 4 -> call(to, loop);
      default -> {
        // It falls.
      }
    }
  }

  private void action(WasmBytes to, int loop) {
    switch (random.nextInt(9)) {
      case 0 -> sum(to, () -> to.bytes(Op.I32_CONST).signed(random.nextInt(1_000)));
      case 1 -> sum(to, () -> to.bytes(Op.LOCAL_GET, LONG, Op.I32_WRAP_I64));
      case 2 -> {
        to.bytes(Op.LOCAL_GET, LONG, Op.LOCAL_GET, SUM, Op.I64_EXTEND_I32_S, Op.I64_ADD);
        to.bytes(Op.LOCAL_SET, LONG);
      }
      case 3 -> {
        to.bytes(Op.I32_CONST).signed(8L * random.nextInt(100)).bytes(Op.LOCAL_GET, LONG);
        to.bytes(Op.I64_STORE, 3, 0);
      }
      case 4 -> {
        to.bytes(Op.I32_CONST).signed(8L * random.nextInt(100)).bytes(Op.I64_LOAD, 3, 0);
        to.bytes(Op.LOCAL_SET, LONG);
      }
      case 5 -> {
        // The parameter for something else.
        to.bytes(Op.LOCAL_GET, SUM, Op.LOCAL_SET, PARAMETER);
        sum(to, () -> to.bytes(Op.LOCAL_GET, PARAMETER));
      }
      case 6 -> {
        condition(to);
        to.bytes(Op.IF, EMPTY);
        jump(to, loop + 1);
        if (once(3)) {
          to.bytes(Op.ELSE);
          action(to, loop + 1);
        }
        to.bytes(Op.END);
      }
      case 7 -> {
        condition(to);
        to.bytes(Op.IF, EMPTY);
        action(to, loop + 1);
        to.bytes(Op.END);
      }
      default -> {
        if (loop > 0 && once(3)) {
          condition(to);
          to.bytes(Op.BR_IF).u32(random.nextInt(loop));
        } else {
          call(to, loop);
        }
      }
    }
  }

  private void condition(WasmBytes to) {
    to.bytes(Op.LOCAL_GET, SUM, Op.I32_CONST).signed(1 + random.nextInt(7)).bytes(AND);
  }

  private static void sum(WasmBytes to, Runnable other) {
    to.bytes(Op.LOCAL_GET, SUM, Op.I32_CONST, 31, MULTIPLY);
    other.run();
    to.bytes(ADD, Op.LOCAL_SET, SUM);
  }

  /** Sets the parameter and branches to the loop. */
  private void jump(WasmBytes to, int loop) {
    to.bytes(Op.I32_CONST).signed(random.nextInt(-1, MOST_SEGMENTS + 2));
    to.bytes(Op.LOCAL_SET, PARAMETER, Op.BR).u32(loop);
  }

  private void call(WasmBytes to, int loop) {
    to.bytes(Op.I32_CONST).signed(once(3) ? random.nextInt(MOST_SEGMENTS) : 0);
    if (once(3)) {
      to.bytes(Op.I32_CONST).signed(random.nextInt(FUNCTIONS)).bytes(Op.CALL_INDIRECT, 0, 0);
    } else {
      to.bytes(Op.CALL).u32(random.nextInt(FUNCTIONS));
    }
    to.bytes(Op.LOCAL_SET, SUM);
    condition(to);
    to.bytes(Op.BR_IF).u32(loop + 1);
  }
}
