package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;

import java.util.LinkedHashMap;
import java.util.Map;

/** Valid modules of at most about 1 MB that are as costly to compile as we could make them. */
final class Bombs {
  private static final int END = 0x0B;

  private Bombs() {}

  /** All modules by name. */
  static Map<String, byte[]> all() {
    Map<String, byte[]> bombs = new LinkedHashMap<>();
    bombs.put("frames", branches(30, 3_000, 5_000));
    bombs.put("selects", selects(30, 1_000, 5_000));
    bombs.put("locals", manyLocals(3_000, 8_000));
    bombs.put("loops side by side", loops(300_000));
    bombs.put("labels far away", deep(9_000, 100_000));
    bombs.put("branches that drop many operands", drops(10_000, 100_000));
    bombs.put("operands at many branches", operands(10_000, 20_000));
    bombs.put("calls with 255 results", results(50, 255, 2_500));
    bombs.put("equal types and functions", equalTypes(2_000, 20_000));
    bombs.put("types and imports", imports(2_000, 1_000));
    bombs.put("small functions", WasmBytes.functions(90_000, part().u32(0)).toBytes());
    bombs.put("constants", constants(90_000));
    bombs.put("different constants in one function", differentConstants(100_000));
    bombs.put("different callees in one function", callees(60_000));
    bombs.put("nested loops", nestedLoops(9_000));
    bombs.put("loops with a few instructions", smallLoops(70_000));
    bombs.put("locals alive at many blocks", aliveAtBlocks(20_000, 150_000));
    bombs.put("locals alive in many loops", aliveInLoops(20_000, 100_000));
    bombs.put("300 locals in turn", localsInTurn(300, 150_000));
    bombs.put("3,000 locals in turn", localsInTurn(3_000, 100_000));
    bombs.put("locals in nested blocks", localsInNest(0x02, 1_500, 100, 30));
    bombs.put("locals in nested loops", localsInNest(0x03, 3_000, 500, 60));
    bombs.put("exits to many blocks", exits(5_000, 100_000, 200));
    bombs.put("large br_tables", tables(9_000, 40));
    bombs.put("one basic block", basicBlock(130_000));
    bombs.put("operands", operandStack(29_000, 1));
    bombs.put("600 operands again and again", operandStack(600, 400));
    bombs.put("60 operands again and again", operandStack(60, 4_000));
    bombs.put("calls with 255 arguments", wideCalls(255, 1_500));
    bombs.put("a table of one type", oneTable(95_000));
    bombs.put("globals", globals(10_000));
    bombs.put("exports", exports(10_000));
    return bombs;
  }

  /** Compiles, but takes some hundred milliseconds. */
  static byte[] frames() {
    return branches(30, 3_000, 5_000);
  }

  /** Functions with this many locals that are alive at this many branch targets. */
  static byte[] branches(int functions, int locals, int branches) {
    var code = part().u32(1).u32(locals).bytes(0x7F);
    code.repeat(branches, 0x02, 0x40, 0x20, 0, 0x0D, 0, END);
    return WasmBytes.functions(functions, code).toBytes();
  }

  /** A select becomes a branch in bytecode. */
  private static byte[] selects(int functions, int locals, int selects) {
    var code = part().u32(1).u32(locals).bytes(0x7F);
    code.bytes(0x41, 0).repeat(selects, 0x41, 0, 0x41, 0, 0x1B).bytes(0x1A);
    return WasmBytes.functions(functions, code).toBytes();
  }

  private static byte[] manyLocals(int functions, int locals) {
    return WasmBytes.functions(functions, part().u32(1).u32(locals).bytes(0x7F)).toBytes();
  }

  private static byte[] loops(int loops) {
    return WasmBytes.function(part().u32(0).repeat(loops, 0x03, 0x40, END)).toBytes();
  }

  private static byte[] deep(int depth, int branches) {
    var code = part().u32(0).repeat(depth, 0x02, 0x40);
    for (int i = 0; i < branches; i++) {
      code.bytes(0x41, 0, 0x0D).u32(depth - 1);
    }
    return WasmBytes.function(code.repeat(depth, END)).toBytes();
  }

  private static byte[] drops(int operands, int branches) {
    var code = part().u32(0).repeat(operands, 0x41, 0).repeat(branches, 0x41, 0, 0x0D, 0);
    return WasmBytes.function(code.repeat(operands, 0x1A)).toBytes();
  }

  private static byte[] operands(int operands, int branches) {
    var code = part().u32(0).repeat(operands, 0x41, 0);
    code.repeat(branches, 0x02, 0x40, 0x41, 0, 0x0D, 0, END).repeat(operands, 0x1A);
    return WasmBytes.function(code).toBytes();
  }

  /** Functions that call a function with this many results, and leave a block with them. */
  private static byte[] results(int functions, int results, int calls) {
    var types = part().u32(2).bytes(0x60, 0, 0).bytes(0x60, 0).u32(results);
    types.repeat(results, 0x7F);
    byte[] many = part().u32(0).repeat(results, 0x41, 0).bytes(END).toBytes();
    byte[] caller =
        part().u32(0).repeat(calls, 0x02, 0x40, 0x10, 0, 0x0C, 0, END).bytes(END).toBytes();
    var bodies = part().u32(functions + 1).u32(many.length).raw(many);
    for (int i = 0; i < functions; i++) {
      bodies.u32(caller.length).raw(caller);
    }
    return WasmBytes.module()
        .section(1, types)
        .section(3, part().u32(functions + 1).u32(1).repeat(functions, 0))
        .section(10, bodies)
        .toBytes();
  }

  private static byte[] equalTypes(int types, int functions) {
    return WasmBytes.module()
        .section(1, part().u32(types).repeat(types, 0x60, 0, 0))
        .section(3, part().u32(functions).repeat(functions, 0))
        .section(10, part().u32(functions).repeat(functions, 2, 0, END))
        .toBytes();
  }

  private static byte[] imports(int types, int imports) {
    var imported = part().u32(imports);
    for (int i = 0; i < imports; i++) {
      imported.name("e").name("f" + i).bytes(0, 0);
    }
    return WasmBytes.module()
        .section(1, part().u32(types).repeat(types, 0x60, 0, 0))
        .section(2, imported)
        .toBytes();
  }

  /**
   * The last function has so many constants that its class fits few functions. The compiler then
   * puts equally few into all other classes.
   */
  private static byte[] constants(int constants) {
    int functions = 20_000;
    int large = 6;
    int each = constants / large;
    var bodies = part().u32(functions + large).repeat(functions, 2, 0, END);
    for (int i = 0; i < large; i++) {
      var code = part().u32(0);
      for (int j = 0; j < each; j++) {
        int value = i * each + j + 100_000;
        code.bytes(0x41, (value & 0x7F) | 0x80, ((value >> 7) & 0x7F) | 0x80, value >> 14, 0x1A);
      }
      byte[] body = code.bytes(END).toBytes();
      bodies.u32(body.length).raw(body);
    }
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(3, part().u32(functions + large).repeat(functions + large, 0))
        .section(10, bodies)
        .toBytes();
  }

  private static byte[] differentConstants(int count) {
    var code = part().u32(0);
    for (int i = 0; i < count; i++) {
      int value = 100_000 + i;
      code.bytes(0x42, (value & 0x7F) | 0x80, ((value >> 7) & 0x7F) | 0x80, value >> 14, 0x1A);
    }
    return WasmBytes.function(code).toBytes();
  }

  private static byte[] callees(int count) {
    var code = part().u32(0);
    for (int i = 0; i < count; i++) {
      code.bytes(0x10).u32(i);
    }
    byte[] body = code.bytes(END).toBytes();
    var bodies = part().u32(count + 1).repeat(count, 2, 0, END).u32(body.length).raw(body);
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(3, part().u32(count + 1).repeat(count + 1, 0))
        .section(10, bodies)
        .toBytes();
  }

  private static byte[] nestedLoops(int depth) {
    var code = part().u32(1).u32(depth).bytes(0x7F).repeat(depth, 0x03, 0x40);
    for (int i = 0; i < depth; i++) {
      code.bytes(0x20).u32(i).bytes(0x21).u32((i * 7 + 1) % depth);
    }
    for (int i = 0; i < depth; i++) {
      code.bytes(0x20).u32(i).bytes(0x0D, 0, END);
    }
    return WasmBytes.function(code).toBytes();
  }

  private static byte[] smallLoops(int loops) {
    var code = part().u32(1).u32(1).bytes(0x7F);
    code.repeat(loops, 0x03, 0x40, 0x20, 0, 0x20, 0, 0x6A, 0x20, 0, 0x6A, 0x21, 0, END);
    return WasmBytes.function(code).toBytes();
  }

  private static byte[] aliveAtBlocks(int locals, int blocks) {
    return alive(locals, part().repeat(blocks, 0x02, 0x40, END));
  }

  /** Each loop has its own set of locals that are alive at its start. */
  static byte[] aliveInLoops(int locals, int loops) {
    return alive(locals, part().repeat(loops, 0x03, 0x40, END));
  }

  private static byte[] alive(int locals, WasmBytes before) {
    var code = part().u32(1).u32(locals).bytes(0x7F).append(before);
    for (int i = 0; i < locals; i++) {
      code.bytes(0x20).u32(i).bytes(0x1A);
    }
    return WasmBytes.function(code).toBytes();
  }

  private static byte[] localsInTurn(int locals, int times) {
    var code = part().u32(1).u32(locals).bytes(0x7F);
    for (int i = 0; i < times; i++) {
      code.bytes(0x20).u32(i * 31 % locals).bytes(0x22).u32(i * 17 % locals).bytes(0x1A);
    }
    return WasmBytes.function(code).toBytes();
  }

  /**
   * All locals are named in the innermost block, and some of them before and after each one around
   * it.
   */
  private static byte[] localsInNest(int opener, int locals, int depth, int some) {
    var code = part().u32(1).u32(locals).bytes(0x7F);
    for (int i = 0; i < depth; i++) {
      copies(code, i * some, some, locals);
      code.bytes(opener, 0x40);
    }
    copies(code, 0, locals, locals);
    for (int i = 0; i < depth; i++) {
      code.bytes(0x20).u32(i % locals).bytes(0x0D, 0, END);
      copies(code, (depth + i) * some, some, locals);
    }
    return WasmBytes.function(code).toBytes();
  }

  private static void copies(WasmBytes code, int first, int count, int locals) {
    for (int i = first; i < first + count; i++) {
      code.bytes(0x20).u32(i * 31 % locals).bytes(0x21).u32(i * 17 % locals);
    }
  }

  private static byte[] exits(int depth, int branches, int locals) {
    var code = part().u32(1).u32(locals).bytes(0x7F).repeat(depth, 0x02, 0x40);
    for (int i = 0; i < branches; i++) {
      code.bytes(0x20).u32(i * 31 % locals).bytes(0x22).u32(i * 17 % locals);
      code.bytes(0x0D).u32(i * 7 % depth);
    }
    return WasmBytes.function(code.repeat(depth, END)).toBytes();
  }

  private static byte[] tables(int depth, int count) {
    var code = part().u32(0).repeat(depth, 0x02, 0x40);
    for (int i = 0; i < count; i++) {
      code.bytes(0x02, 0x40, 0x41, 0, 0x0E).u32(depth);
      for (int k = 0; k <= depth; k++) {
        code.u32((i + k) * 7 % depth);
      }
      code.bytes(END);
    }
    return WasmBytes.function(code.repeat(depth, END)).toBytes();
  }

  private static byte[] basicBlock(int additions) {
    var code = part().u32(1).u32(2).bytes(0x7F);
    return WasmBytes.function(code.repeat(additions, 0x20, 0, 0x20, 1, 0x6A, 0x21, 0)).toBytes();
  }

  /** Pushes so many numbers and adds them. */
  private static byte[] operandStack(int operands, int times) {
    var code = part().u32(0);
    for (int i = 0; i < times; i++) {
      code.repeat(operands, 0x41, 0).repeat(operands - 1, 0x6A).bytes(0x1A);
    }
    return WasmBytes.function(code).toBytes();
  }

  private static byte[] wideCalls(int parameters, int calls) {
    var code = part().u32(0);
    for (int i = 0; i < calls; i++) {
      code.repeat(parameters, 0x42, 0).bytes(0x10, 0);
    }
    byte[] body = code.bytes(END).toBytes();
    var types = part().u32(2).bytes(0x60).u32(parameters).repeat(parameters, 0x7E).bytes(0);
    return WasmBytes.module()
        .section(1, types.bytes(0x60, 0, 0))
        .section(3, part().u32(2).bytes(0, 1))
        .section(10, part().u32(2).bytes(2, 0, END).u32(body.length).raw(body))
        .toBytes();
  }

  private static byte[] oneTable(int functions) {
    var elements = part().u32(1).bytes(0, 0x41, 0, END).u32(functions);
    for (int i = 0; i < functions; i++) {
      elements.u32(i);
    }
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(3, part().u32(functions + 1).repeat(functions + 1, 0))
        .section(4, part().u32(1).bytes(0x70, 0).u32(functions))
        .section(9, elements)
        .section(
            10,
            part()
                .u32(functions + 1)
                .repeat(functions, 2, 0, END)
                .bytes(7, 0, 0x41, 0, 0x11, 0, 0, END))
        .toBytes();
  }

  private static byte[] globals(int count) {
    return WasmBytes.module()
        .section(6, part().u32(count).repeat(count, 0x7E, 1, 0x42, 0, END))
        .toBytes();
  }

  private static byte[] exports(int count) {
    var exports = part().u32(count);
    for (int i = 0; i < count; i++) {
      exports.name("f" + i).bytes(0).u32(i);
    }
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(3, part().u32(count).repeat(count, 0))
        .section(7, exports)
        .section(10, part().u32(count).repeat(count, 2, 0, END))
        .toBytes();
  }
}
