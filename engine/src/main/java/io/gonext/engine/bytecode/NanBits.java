package io.gonext.engine.bytecode;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;

/**
 * Makes the NaN that a function's arithmetic returns the canonical one.
 *
 * <p>WebAssembly leaves open which NaN arithmetic returns, and so does the JVM: the interpreter and
 * the JIT compilers return different ones. With one NaN, a call returns the same bits on every
 * machine, and every time.
 *
 * <p>A NaN that only another arithmetic instruction or a comparison reads stays as it is. So does
 * one in a local that is set to nothing but numbers of this function: there it becomes canonical
 * when something else reads the local, which keeps loops free of it.
 */
final class NanBits {
  /** How far to look for the instruction that takes a value. */
  private static final int MAX_DISTANCE = 32;

  /** How long a chain of copied locals may be. */
  private static final int MAX_PASSES = 8;

  private static final int F32_EQ = 0x5B;
  private static final int F32_CEIL = 0x8D;
  private static final int F32_MAX = 0x97;
  private static final int F64_CEIL = 0x9B;
  private static final int F64_MAX = 0xA5;
  private static final int I32_TRUNC_F32_S = 0xA8;
  private static final int I32_TRUNC_F64_U = 0xAB;
  private static final int I64_TRUNC_F32_S = 0xAE;
  private static final int I64_TRUNC_F64_U = 0xB1;
  private static final int F32_CONVERT_I32_S = 0xB2;
  private static final int F32_DEMOTE_F64 = 0xB6;
  private static final int F64_PROMOTE_F32 = 0xBB;
  private static final int I64_TRUNC_SAT_F64_U = Op.PREFIXED + 7;

  private final FunctionCode code;

  /** The locals that may hold any NaN. */
  private final BitSet raw;

  NanBits(FunctionCode code) {
    this.code = code;
    this.raw = rawLocals(code);
  }

  /** Follows a numeric instruction, or one that pushes a local. */
  void settle(CodeBuilder to, int index) {
    int op = code.op[index];
    boolean isOpen = op == Op.LOCAL_GET ? raw.get((int) code.immediate[index]) : returnsAnyNan(op);
    if (isOpen && !isReadAsNumber(index)) {
      byte type = op == Op.LOCAL_GET ? code.locals[(int) code.immediate[index]] : Op.result(op);
      ClassDesc kind = Kind.of(type).descriptor;
      to.invokestatic(Names.NUMBERS, "canonical", MethodTypeDesc.of(kind, kind));
    }
  }

  /**
   * The locals that are set only to results of arithmetic, to constants, and to each other. None in
   * code that shares its locals with another one.
   */
  private static BitSet rawLocals(FunctionCode code) {
    var locals = new BitSet();
    if (code.resumption != null || code.resumedLoop >= 0) {
      return locals;
    }
    for (int i = code.signature.parameters().length; i < code.locals.length; i++) {
      locals.set(i, code.locals[i] == Op.F32 || code.locals[i] == Op.F64);
    }
    for (int pass = 0; pass < MAX_PASSES; pass++) {
      int before = locals.cardinality();
      for (int i = 0; i < code.size && before > 0; i++) {
        if ((code.op[i] == Op.LOCAL_SET || code.op[i] == Op.LOCAL_TEE)
            && !(i > 0 && isNumber(code, i - 1, locals))) {
          locals.clear((int) code.immediate[i]);
        }
      }
      if (locals.cardinality() == before) {
        return locals;
      }
    }
    return new BitSet();
  }

  /** Whether an instruction pushes a number or a NaN of arithmetic, not a NaN of certain bits. */
  private static boolean isNumber(FunctionCode code, int index, BitSet locals) {
    int op = code.op[index];
    long immediate = code.immediate[index];
    return switch (op) {
      case Op.F32_CONST -> !Float.isNaN(Float.intBitsToFloat((int) immediate));
      case Op.F64_CONST -> !Double.isNaN(Double.longBitsToDouble(immediate));
      case Op.LOCAL_GET -> locals.get((int) immediate);
      default -> returnsAnyNan(op) || (op >= F32_CONVERT_I32_S && op <= F64_PROMOTE_F32);
    };
  }

  private static boolean returnsAnyNan(int op) {
    return (op >= F32_CEIL && op <= F32_MAX)
        || (op >= F64_CEIL && op <= F64_MAX)
        || op == F32_DEMOTE_F64
        || op == F64_PROMOTE_F32;
  }

  /** Whether a value goes straight to where all NaN are equal. */
  private boolean isReadAsNumber(int index) {
    int end = Math.min(code.size, index + 1 + MAX_DISTANCE);
    int above = 0;
    for (int i = index + 1; i < end; i++) {
      int op = code.op[i];
      if (op == Op.LOCAL_GET || op == Op.GLOBAL_GET) {
        above++;
      } else if (op == Op.LOCAL_SET || op == Op.LOCAL_TEE) {
        if (above == 0 && (op == Op.LOCAL_SET || !raw.get((int) code.immediate[i]))) {
          return raw.get((int) code.immediate[i]);
        }
        above -= op == Op.LOCAL_SET ? 1 : 0;
      } else if (!Op.isPlain(op)) {
        return false;
      } else {
        int operands = Op.operands(op).length;
        if (operands > above) {
          return readsNumber(op);
        }
        above += (Op.result(op) == 0 ? 0 : 1) - operands;
      }
    }
    return false;
  }

  private static boolean readsNumber(int op) {
    return (op >= F32_EQ && op <= Op.F64_GE)
        || returnsAnyNan(op)
        || (op >= I32_TRUNC_F32_S && op <= I32_TRUNC_F64_U)
        || (op >= I64_TRUNC_F32_S && op <= I64_TRUNC_F64_U)
        || (op >= Op.PREFIXED && op <= I64_TRUNC_SAT_F64_U);
  }
}
