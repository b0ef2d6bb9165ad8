package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;

import io.gonext.engine.bytecode.Op;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A random valid module that is hard on structured control: blocks with parameters and results,
 * branches to any label with operands left below, calls with several results, tail calls, many
 * locals. It ends, because it counts loops and calls in a global. NaNs that arithmetic makes have
 * one payload, so that every result has only one right value.
 */
final class RandomModule {
  /** The index of the global that counts down. */
  static final int FUEL = 0;

  /** What the exceptions of each tag carry. */
  private static final byte[][] TAGS = {
    {}, {Op.I32}, {Op.I64, Op.F32}, {Op.F64, Op.FUNCREF, Op.I32}
  };

  private static final int TRY = 0x06;
  private static final int CATCH = 0x07;
  private static final int RETHROW = 0x09;
  private static final int DELEGATE = 0x18;
  private static final int CATCH_ALL = 0x19;

  /** How a module handles exceptions. */
  enum Exceptions {
    NONE,
    TRY_TABLE,
    LEGACY
  }

  private static final byte[] NUMBERS = {Op.I32, Op.I64, Op.F32, Op.F64};
  private static final int FIRST_TYPE_GLOBAL = 1;
  private static final int REFERENCE_GLOBAL = 5;
  private static final int TABLE_SIZE = 12;
  private static final int DATA_BYTES = 64;

  /** Locals of every function, after its parameters, to make NaNs equal. */
  private static final int SCRATCH = 2;

  private final SplittableRandom random;
  private final Exceptions exceptions;
  private final List<byte[][]> types = new ArrayList<>();

  /** The type of each function; the first two are imported. */
  private final int[] functions;

  private final boolean hasTailCalls;

  private RandomModule(long seed, Exceptions exceptions) {
    this.exceptions = exceptions;
    random = new SplittableRandom(seed);
    type(new byte[] {Op.I32, Op.F64}, new byte[] {Op.I64, Op.F32, Op.I32});
    type(new byte[0], new byte[] {Op.I32});
    for (int i = 0; i < 6; i++) {
      type(someTypes(5), someTypes(4));
    }
    if (random.nextInt(12) == 0) {
      // More arguments than a JVM method can have beside the instance.
      var many = new byte[random.nextInt(120, 126)];
      Arrays.setAll(
          new Object[many.length], i -> many[i] = random.nextInt(9) == 0 ? Op.F64 : Op.I64);
      type(many, new byte[] {Op.I64, Op.I64});
    }
    hasTailCalls = once(3);
    functions = new int[3 + random.nextInt(4)];
    functions[1] = 1;
    for (int i = 2; i < functions.length; i++) {
      functions[i] = random.nextInt(types.size());
    }
  }

  /** The module of a seed, always the same. */
  static byte[] of(long seed, Exceptions exceptions) {
    return new RandomModule(seed, exceptions).module();
  }

  private void type(byte[] parameters, byte[] results) {
    types.add(new byte[][] {parameters, results});
  }

  private byte[] someTypes(int most) {
    var some = new byte[random.nextInt(most + 1)];
    for (int i = 0; i < some.length; i++) {
      some[i] = someType();
    }
    return some;
  }

  private byte someType() {
    return random.nextInt(12) == 0 ? Op.FUNCREF : NUMBERS[random.nextInt(NUMBERS.length)];
  }

  private boolean once(int in) {
    return random.nextInt(in) == 0;
  }

  private byte[] module() {
    var bodies = part().u32(functions.length - 2);
    for (int i = 2; i < functions.length; i++) {
      byte[] body = new Body(types.get(functions[i])).bytes();
      bodies.u32(body.length).raw(body);
    }
    var tags = part().u32(TAGS.length);
    for (byte[] values : TAGS) {
      tags.bytes(0).u32(indexOf(values, new byte[0]));
    }
    var typeSection = part();
    typeSection.u32(types.size());
    for (byte[][] type : types) {
      typeSection.bytes(0x60).u32(type[0].length).raw(type[0]).u32(type[1].length).raw(type[1]);
    }
    var functionSection = part().u32(functions.length - 2);
    var exports = part().u32(functions.length - 2);
    var elements = part().u32(1).bytes(0, 0x41, 0, 0x0B).u32(functions.length - 2);
    for (int i = 2; i < functions.length; i++) {
      functionSection.u32(functions[i]);
      exports.name("f" + i).bytes(0).u32(i);
      elements.u32(i);
    }
    var globals = part().u32(6).bytes(Op.I32, 1, 0x41).signed(1_000).bytes(0x0B);
    globals.bytes(Op.I32, 1, 0x41, 7, 0x0B).bytes(Op.I64, 1, 0x42, 0x79, 0x0B);
    globals.bytes(Op.F32, 1, 0x43, 0, 0, 0, 0x41, 0x0B);
    globals.bytes(Op.F64, 1, 0x44, 0, 0, 0, 0, 0, 0, 0x20, 0x40, 0x0B);
    globals.bytes(Op.FUNCREF, 1, Op.REF_NULL, Op.FUNCREF, 0x0B);
    var data = new byte[DATA_BYTES];
    for (int i = 0; i < data.length; i++) {
      data[i] = (byte) random.nextInt();
    }
    WasmBytes tagSection = exceptions == Exceptions.NONE ? part() : part().section(13, tags);
    return WasmBytes.module()
        .section(1, typeSection)
        .section(
            2, part().u32(2).name("env").name("a").bytes(0, 0).name("env").name("b").bytes(0, 1))
        .section(3, functionSection)
        .section(4, part().u32(1).bytes(Op.FUNCREF, 1, TABLE_SIZE, 2 * TABLE_SIZE))
        .section(5, part().u32(1).bytes(1, 1, 6))
        .append(tagSection)
        .section(6, globals)
        .section(7, exports)
        .section(9, elements)
        .section(12, part().u32(1))
        .section(10, bodies)
        .section(11, part().u32(1).bytes(1).u32(data.length).raw(data))
        .toBytes();
  }

  private int indexOf(byte[] parameters, byte[] results) {
    for (int i = 0; i < types.size(); i++) {
      if (Arrays.equals(types.get(i)[0], parameters) && Arrays.equals(types.get(i)[1], results)) {
        return i;
      }
    }
    type(parameters, results);
    return types.size() - 1;
  }

  /** Writes one function. What it knows of the stack is what is there, in dead code as well. */
  private final class Body {
    private final byte[][] type;
    private final byte[] locals;
    private final int scratch;
    private final WasmBytes code = part();
    private final List<Byte> stack = new ArrayList<>();
    private final List<byte[]> labels = new ArrayList<>();

    /** The labels of the catch clauses around, counted from the outermost. */
    private final List<Integer> catching = new ArrayList<>();

    /** The height of the stack below the innermost block's operands. */
    private int base;

    private int steps = once(4) ? 200 : 40;
    private int depth;

    Body(byte[][] type) {
      this.type = type;
      int more = once(5) ? random.nextInt(100, 200) : random.nextInt(8);
      int parameters = type[0].length;
      scratch = parameters + more;
      locals = Arrays.copyOf(type[0], scratch + SCRATCH);
      for (int i = parameters; i < scratch; i++) {
        locals[i] = someType();
      }
      locals[scratch] = Op.F32;
      locals[scratch + 1] = Op.F64;
    }

    byte[] bytes() {
      var all = part().u32(locals.length - type[0].length);
      for (int i = type[0].length; i < locals.length; i++) {
        all.bytes(1, locals[i]);
      }
      labels.add(type[1]);
      burn();
      sequence(type[1], random.nextInt(3, 15), true);
      return all.append(code).bytes(0x0B).toBytes();
    }

    /** Counts down, and ends the guest at 0. */
    private void burn() {
      code.bytes(Op.GLOBAL_GET, FUEL, Op.I32_EQZ, Op.IF, 0x40, Op.UNREACHABLE, Op.END);
      code.bytes(Op.GLOBAL_GET, FUEL, Op.I32_CONST, 1, 0x6B, Op.GLOBAL_SET, FUEL);
    }

    private void push(byte... pushed) {
      for (byte each : pushed) {
        stack.add(each);
      }
    }

    private void pop(int count) {
      cut(stack.size() - count);
    }

    private void cut(int height) {
      stack.subList(height, stack.size()).clear();
    }

    private boolean isOnTop(byte... wanted) {
      int from = stack.size() - wanted.length;
      if (from < base) {
        return false;
      }
      for (int i = 0; i < wanted.length; i++) {
        if (stack.get(from + i) != wanted[i]) {
          return false;
        }
      }
      return true;
    }

    /**
     * Writes instructions until only the results are on the stack of the innermost block.
     *
     * @param mayBranch whether a branch to the block's label goes to its end
     */
    private void sequence(byte[] results, int length, boolean mayBranch) {
      for (int i = 0; i < length && steps > 0; i++) {
        step();
      }
      if (stack.size() - base == results.length && isOnTop(results)) {
        return;
      }
      if (mayBranch && once(3)) {
        want(results);
        code.bytes(Op.BR, 0);
        cut(base);
        return;
      }
      while (stack.size() > base) {
        consume();
      }
      want(results);
    }

    private void step() {
      steps--;
      if (exceptions != Exceptions.NONE && once(5)) {
        exceptions();
        return;
      }
      if (hasTailCalls && once(12)) {
        tailCall();
        return;
      }
      switch (random.nextInt(24)) {
        case 0, 1, 2 -> block();
        case 3, 4 -> branchIf();
        case 5 -> branchTable();
        case 6, 7 -> call();
        case 8, 9, 10 -> set();
        case 11, 12 -> store();
        case 13 -> select();
        case 14 -> bulk();
        case 15 -> jump();
        case 16 -> {
          if (stack.size() > base) {
            consume();
          }
        }
        case 17, 18, 19 -> plain();
        default -> want(someType());
      }
    }

    /** Takes the top operand away. */
    private void consume() {
      byte top = stack.getLast();
      int local = localOf(top);
      if (local >= 0 && once(2)) {
        code.bytes(Op.LOCAL_SET).u32(local);
      } else {
        code.bytes(Op.DROP);
      }
      pop(1);
    }

    /** Makes these the top operands. */
    private void want(byte... wanted) {
      if (wanted.length > 0 && isOnTop(wanted) && !once(3)) {
        return;
      }
      for (byte each : wanted) {
        produce(each);
      }
    }

    private void produce(byte wanted) {
      if (wanted == Op.EXNREF) {
        constant(wanted);
        return;
      }
      int local = localOf(wanted);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> {
          if (local >= 0) {
            code.bytes(Op.LOCAL_GET).u32(local);
            push(wanted);
            return;
          }
        }
        case 3 -> {
          code.bytes(Op.GLOBAL_GET, global(wanted));
          push(wanted);
          return;
        }
        case 4 -> {
          if (depth < 3) {
            int op = random.nextInt(0x28, 0xC5);
            if (Op.isPlain(op) && Op.result(op) == wanted && op != Op.MEMORY_GROW) {
              depth++;
              emit(op, true);
              depth--;
              return;
            }
          }
        }
        default -> {
          // a constant
        }
      }
      constant(wanted);
    }

    private void constant(byte wanted) {
      switch (wanted) {
        case Op.I32 ->
            code.bytes(Op.I32_CONST).signed(once(4) ? random.nextInt() : random.nextInt(-9, 40));
        case Op.I64 ->
            code.bytes(Op.I64_CONST).signed(once(4) ? random.nextLong() : random.nextInt(-9, 40));
        case Op.F32 -> bits(Op.F32_CONST, Float.floatToRawIntBits(random.nextInt(-60, 60) / 4f), 4);
        case Op.F64 ->
            bits(Op.F64_CONST, Double.doubleToRawLongBits(random.nextInt(-60, 60) / 4.0), 8);
        case Op.EXNREF -> code.bytes(Op.REF_NULL, Op.EXNREF);
        default -> {
          if (once(2)) {
            code.bytes(Op.REF_NULL, Op.FUNCREF);
          } else {
            code.bytes(Op.REF_FUNC, random.nextInt(2, functions.length));
          }
        }
      }
      push(wanted);
    }

    private void bits(int op, long bits, int bytes) {
      code.bytes(op);
      for (int i = 0; i < bytes; i++) {
        code.bytes((int) (bits >>> (8 * i)) & 0xFF);
      }
    }

    /** A random local of this type, or -1. */
    private int localOf(byte wanted) {
      int first = random.nextInt(locals.length);
      for (int i = 0; i < locals.length; i++) {
        int local = (first + i) % locals.length;
        if (locals[local] == wanted && local < scratch) {
          return local;
        }
      }
      return -1;
    }

    private int global(byte wanted) {
      return switch (wanted) {
        case Op.I32 -> FIRST_TYPE_GLOBAL;
        case Op.I64 -> FIRST_TYPE_GLOBAL + 1;
        case Op.F32 -> FIRST_TYPE_GLOBAL + 2;
        case Op.F64 -> FIRST_TYPE_GLOBAL + 3;
        default -> REFERENCE_GLOBAL;
      };
    }

    // Instructions --------------------------------------------------------------------------------

    private void plain() {
      int op =
          random.nextInt(10) == 0 ? Op.PREFIXED + random.nextInt(8) : random.nextInt(0x28, 0xC5);
      if (Op.isPlain(op)) {
        emit(op, false);
      }
    }

    /**
     * Writes an instruction with its operands.
     *
     * @param isFresh whether it must not take operands that are there already
     */
    private void emit(int op, boolean isFresh) {
      if (op >= Op.I32_CONST && op <= Op.F64_CONST) {
        constant(Op.result(op));
        return;
      }
      if (op == Op.MEMORY_SIZE || op == Op.MEMORY_GROW) {
        if (op == Op.MEMORY_GROW) {
          code.bytes(Op.I32_CONST, random.nextInt(2));
        }
        code.bytes(op, 0);
        push(Op.I32);
        return;
      }
      byte[] operands = Op.operands(op);
      boolean isAccess = op >= Op.I32_LOAD && op <= Op.I64_STORE32;
      if (isAccess) {
        address();
        if (operands.length > 1) {
          produce(operands[1]);
        }
      } else if (isFresh) {
        for (byte operand : operands) {
          produce(operand);
        }
      } else {
        want(operands);
      }
      if (op >= Op.PREFIXED) {
        code.bytes(0xFC, op - Op.PREFIXED);
      } else {
        code.bytes(op);
      }
      if (isAccess) {
        code.bytes(0).u32(once(20) ? random.nextLong(1L << 32) : random.nextInt(100));
      }
      pop(operands.length);
      if (Op.result(op) != 0) {
        push(Op.result(op));
        canonical(op);
      }
    }

    /** Gives a NaN of arithmetic one payload. */
    private void canonical(int op) {
      boolean computes =
          (op >= 0x8D && op <= 0x97) || (op >= 0x9B && op <= 0xA5) || op == 0xB6 || op == 0xBB;
      if (!computes) {
        return;
      }
      boolean isFloat = Op.result(op) == Op.F32;
      int local = scratch + (isFloat ? 0 : 1);
      code.bytes(Op.LOCAL_TEE).u32(local);
      if (isFloat) {
        bits(Op.F32_CONST, 0x7FC0_0000, 4);
      } else {
        bits(Op.F64_CONST, 0x7FF8_0000_0000_0000L, 8);
      }
      code.bytes(Op.LOCAL_GET).u32(local).bytes(Op.LOCAL_GET).u32(local);
      code.bytes(isFloat ? 0x5B : 0x61, Op.SELECT);
    }

    private void address() {
      produce(Op.I32);
      if (!once(15)) {
        code.bytes(Op.I32_CONST).signed(0x1FF).bytes(0x71);
      }
    }

    private void set() {
      if (once(4)) {
        byte wanted = someType();
        want(wanted);
        code.bytes(Op.GLOBAL_SET, global(wanted));
        pop(1);
        return;
      }
      int local = random.nextInt(scratch + 1);
      if (local == scratch) {
        return;
      }
      want(locals[local]);
      if (once(3)) {
        code.bytes(Op.LOCAL_TEE).u32(local);
      } else {
        code.bytes(Op.LOCAL_SET).u32(local);
        pop(1);
      }
    }

    private void store() {
      emit(random.nextInt(Op.I32_STORE, Op.I64_STORE32 + 1), false);
    }

    private void select() {
      byte wanted = someType();
      want(wanted, wanted);
      condition();
      if (wanted == Op.FUNCREF || once(4)) {
        code.bytes(Op.SELECT_TYPED, 1, wanted);
      } else {
        code.bytes(Op.SELECT);
      }
      pop(1);
    }

    /** Writes a condition: an i32 that stays unknown to this object. */
    private void condition() {
      switch (random.nextInt(4)) {
        case 0 -> {
          int op = random.nextInt(Op.I32_EQZ, Op.F64_GE + 1);
          int height = stack.size();
          for (byte operand : Op.operands(op)) {
            produce(operand);
          }
          cut(height);
          code.bytes(op);
          for (int i = random.nextInt(3); i > 0; i--) {
            code.bytes(Op.I32_EQZ);
          }
        }
        case 1 -> {
          produce(Op.FUNCREF);
          code.bytes(Op.REF_IS_NULL);
          pop(1);
        }
        default -> {
          produce(Op.I32);
          pop(1);
        }
      }
    }

    private void call() {
      int callee = random.nextInt(functions.length);
      boolean isIndirect = callee >= 2 && once(3);
      byte[][] called = types.get(functions[callee]);
      want(called[0]);
      if (isIndirect) {
        code.bytes(Op.I32_CONST, once(10) ? random.nextInt(TABLE_SIZE) : callee - 2);
        code.bytes(Op.CALL_INDIRECT).u32(functions[callee]).bytes(0);
      } else {
        code.bytes(Op.CALL).u32(callee);
      }
      pop(called[0].length);
      push(called[1]);
    }

    /** Now and then, calls a function with the same results last. */
    private void tailCall() {
      int[] same =
          IntStream.range(0, functions.length)
              .filter(function -> Arrays.equals(types.get(functions[function])[1], type[1]))
              .toArray();
      int callee = same[random.nextInt(same.length)];
      condition();
      code.bytes(Op.IF, 0x40);
      int outer = base;
      int height = stack.size();
      base = height;
      want(types.get(functions[callee])[0]);
      if (callee >= 2 && once(2)) {
        code.bytes(Op.I32_CONST, once(10) ? random.nextInt(TABLE_SIZE) : callee - 2);
        code.bytes(Op.RETURN_CALL_INDIRECT).u32(functions[callee]).bytes(0);
      } else {
        code.bytes(Op.RETURN_CALL, callee);
      }
      code.bytes(Op.END);
      cut(height);
      base = outer;
    }

    private void bulk() {
      switch (random.nextInt(9)) {
        case 7, 8 -> emit(Op.MEMORY_GROW, true);
        case 0 -> {
          address();
          produce(Op.I32);
          code.bytes(Op.I32_CONST, random.nextInt(64), 0xFC, 11, 0);
          pop(2);
        }
        case 1 -> {
          address();
          address();
          code.bytes(Op.I32_CONST, random.nextInt(64), 0xFC, 10, 0, 0);
          pop(2);
        }
        case 2 -> {
          address();
          code.bytes(Op.I32_CONST, random.nextInt(8), Op.I32_CONST, random.nextInt(DATA_BYTES));
          code.bytes(0xFC, 8, 0, 0);
          pop(1);
        }
        case 3 -> {
          code.bytes(Op.I32_CONST, random.nextInt(TABLE_SIZE), Op.TABLE_GET, 0);
          push(Op.FUNCREF);
        }
        case 4 -> {
          code.bytes(Op.I32_CONST, random.nextInt(TABLE_SIZE));
          produce(Op.FUNCREF);
          code.bytes(Op.TABLE_SET, 0);
          pop(1);
        }
        case 5 -> {
          produce(Op.FUNCREF);
          code.bytes(Op.I32_CONST, random.nextInt(3), 0xFC, 15, 0);
          pop(1);
          push(Op.I32);
        }
        default -> {
          code.bytes(0xFC, 16, 0);
          push(Op.I32);
        }
      }
    }

    // Control -------------------------------------------------------------------------------------

    /** The types of a block's parameters, which are on the stack. */
    private byte[] parameters() {
      if (stack.size() > base && once(2)) {
        var parameters = new byte[1 + random.nextInt(Math.min(3, stack.size() - base))];
        for (int i = 0; i < parameters.length; i++) {
          parameters[i] = stack.get(stack.size() - parameters.length + i);
        }
        return parameters;
      }
      byte[] parameters = once(3) ? someTypes(2) : new byte[0];
      for (byte each : parameters) {
        produce(each);
      }
      return parameters;
    }

    private void block() {
      if (labels.size() > 8) {
        return;
      }
      int opcode = Op.BLOCK + random.nextInt(3);
      byte[] parameters = parameters();
      boolean hasElse = opcode != Op.IF || !once(3);
      byte[] results = hasElse ? someTypes(once(3) ? 3 : 1) : parameters;
      if (opcode == Op.IF) {
        condition();
      }
      code.bytes(opcode);
      blockType(parameters, results);
      int outer = base;
      base = stack.size() - parameters.length;
      int inner = base;
      labels.add(opcode == Op.LOOP ? parameters : results);
      if (opcode == Op.LOOP) {
        burn();
      }
      sequence(results, random.nextInt(1, 9), opcode != Op.LOOP);
      if (opcode == Op.IF && hasElse) {
        code.bytes(Op.ELSE);
        cut(inner);
        push(parameters);
        sequence(results, random.nextInt(1, 9), opcode != Op.LOOP);
      }
      code.bytes(Op.END);
      labels.removeLast();
      cut(inner);
      push(results);
      base = outer;
    }

    // Exceptions ----------------------------------------------------------------------------------

    private void exceptions() {
      if (once(3)) {
        raise();
      } else if (labels.size() < 7) {
        if (exceptions == Exceptions.LEGACY) {
          legacyTry();
        } else {
          tryTable();
        }
      }
    }

    /** Throws now and then. */
    private void raise() {
      condition();
      code.bytes(Op.IF, 0x40);
      int outer = base;
      int height = stack.size();
      base = height;
      if (!catching.isEmpty() && once(2)) {
        int label = catching.get(random.nextInt(catching.size()));
        code.bytes(RETHROW, labels.size() - label);
      } else {
        int tag = random.nextInt(TAGS.length);
        want(TAGS[tag]);
        code.bytes(Op.THROW, tag);
      }
      code.bytes(Op.END);
      cut(height);
      base = outer;
    }

    private void tryTable() {
      byte[] parameters = parameters();
      int tag = random.nextInt(TAGS.length);
      boolean hasReference = once(2);
      byte[] caught = hasReference ? Arrays.copyOf(TAGS[tag], TAGS[tag].length + 1) : TAGS[tag];
      if (hasReference) {
        caught[caught.length - 1] = Op.EXNREF;
      }
      byte[] results = someTypes(once(3) ? 3 : 1);
      code.bytes(Op.BLOCK);
      blockType(parameters, caught);
      int outer = base;
      base = stack.size() - parameters.length;
      int inner = base;
      labels.add(caught);
      code.bytes(Op.TRY_TABLE);
      blockType(parameters, results);
      int all = once(2) ? labelWithoutValues() : -1;
      code.bytes(all < 0 ? 1 : 2, hasReference ? 1 : 0, tag, 0);
      if (all >= 0) {
        code.bytes(2, all);
      }
      labels.add(results);
      sequence(results, random.nextInt(1, 9), true);
      code.bytes(Op.END);
      labels.removeLast();
      cut(inner);
      push(results);
      sequence(caught, random.nextInt(3), true);
      code.bytes(Op.END);
      labels.removeLast();
      cut(inner);
      push(caught);
      base = outer;
      if (hasReference) {
        condition();
        code.bytes(Op.IF);
        blockType(new byte[] {Op.EXNREF}, new byte[0]);
        code.bytes(Op.THROW_REF, Op.ELSE, Op.DROP, Op.END);
        pop(1);
      }
    }

    private int labelWithoutValues() {
      for (int label = 0; label < labels.size(); label++) {
        if (labels.get(labels.size() - 1 - label).length == 0) {
          return label;
        }
      }
      return -1;
    }

    private void legacyTry() {
      byte[] parameters = parameters();
      byte[] results = someTypes(once(3) ? 3 : 1);
      code.bytes(TRY);
      blockType(parameters, results);
      int outer = base;
      base = stack.size() - parameters.length;
      int inner = base;
      int label = labels.size();
      labels.add(results);
      sequence(results, random.nextInt(1, 9), true);
      if (once(4)) {
        code.bytes(DELEGATE, random.nextInt(label));
      } else {
        int clauses = random.nextInt(4);
        catching.add(label);
        for (int i = 0; i < clauses; i++) {
          cut(inner);
          if (i == clauses - 1 && once(2)) {
            code.bytes(CATCH_ALL);
          } else {
            int tag = random.nextInt(TAGS.length);
            code.bytes(CATCH, tag);
            push(TAGS[tag]);
          }
          sequence(results, random.nextInt(1, 9), true);
        }
        catching.removeLast();
        code.bytes(Op.END);
      }
      labels.removeLast();
      cut(inner);
      push(results);
      base = outer;
    }

    private void blockType(byte[] parameters, byte[] results) {
      if (parameters.length == 0 && results.length == 0) {
        code.bytes(0x40);
      } else if (parameters.length == 0 && results.length == 1) {
        code.bytes(results[0]);
      } else {
        code.signed(indexOf(parameters, results));
      }
    }

    private void branchIf() {
      int label = random.nextInt(labels.size());
      want(labels.get(labels.size() - 1 - label));
      condition();
      code.bytes(Op.BR_IF, label);
    }

    private void branchTable() {
      if (!once(2)) {
        return;
      }
      int otherwise = random.nextInt(labels.size());
      byte[] carried = labels.get(labels.size() - 1 - otherwise);
      List<Integer> same = new ArrayList<>();
      for (int label = 0; label < labels.size(); label++) {
        if (Arrays.equals(labels.get(labels.size() - 1 - label), carried)) {
          same.add(label);
        }
      }
      want(carried);
      produce(Op.I32);
      int count = random.nextInt(6);
      code.bytes(Op.I32_CONST, count + 1, 0x70, Op.BR_TABLE).u32(count);
      for (int i = 0; i < count; i++) {
        code.bytes(same.get(random.nextInt(same.size())));
      }
      code.bytes(otherwise);
      cut(base);
    }

    private void jump() {
      if (once(3) || labels.size() == 1) {
        return;
      }
      if (once(12)) {
        code.bytes(Op.UNREACHABLE);
      } else if (once(6)) {
        want(type[1]);
        code.bytes(Op.RETURN);
      } else {
        int label = random.nextInt(labels.size());
        want(labels.get(labels.size() - 1 - label));
        code.bytes(Op.BR, label);
      }
      cut(base);
    }
  }
}
