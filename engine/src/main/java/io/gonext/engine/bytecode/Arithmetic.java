package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.CodeBuilder;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;

/** Emits numeric instructions that are not comparisons. */
final class Arithmetic {
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final ClassDesc FLOAT = ClassDesc.of("java.lang.Float");
  private static final ClassDesc DOUBLE = ClassDesc.of("java.lang.Double");
  private static final ClassDesc MATH = ClassDesc.of("java.lang.Math");

  private Arithmetic() {}

  /** Pushes a float with exactly these bits. */
  static void constant(CodeBuilder to, float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value) || bits == Integer.MIN_VALUE) {
      to.loadConstant(bits);
      call(to, FLOAT, "intBitsToFloat", CD_float, CD_int);
    } else {
      to.loadConstant(value);
    }
  }

  /** Pushes a double with exactly these bits. */
  static void constant(CodeBuilder to, double value) {
    long bits = Double.doubleToRawLongBits(value);
    if (Double.isNaN(value) || bits == Long.MIN_VALUE) {
      to.loadConstant(bits);
      call(to, DOUBLE, "longBitsToDouble", CD_double, CD_long);
    } else {
      to.loadConstant(value);
    }
  }

  private static void call(
      CodeBuilder to, ClassDesc owner, String method, ClassDesc result, ClassDesc... parameters) {
    to.invokestatic(owner, method, MethodTypeDesc.of(result, parameters));
  }

  /**
   * Emits an instruction.
   *
   * @param beforeTrap called before the JVM's instruction that may trap
   * @return false if it is not a numeric instruction
   */
  static boolean emit(CodeBuilder to, int op, Runnable beforeTrap) {
    return op < Op.PREFIXED
        ? ints(to, op, beforeTrap)
            || longs(to, op, beforeTrap)
            || floats(to, op)
            || doubles(to, op)
            || conversions(to, op, beforeTrap)
        : saturating(to, op);
  }

  private static boolean ints(CodeBuilder to, int op, Runnable beforeTrap) {
    switch (op) {
      case Op.I32_CLZ -> call(to, INTEGER, "numberOfLeadingZeros", CD_int, CD_int);
      case 0x68 -> call(to, INTEGER, "numberOfTrailingZeros", CD_int, CD_int);
      case 0x69 -> call(to, INTEGER, "bitCount", CD_int, CD_int);
      case 0x6A -> to.iadd();
      case 0x6B -> to.isub();
      case 0x6C -> to.imul();
      case 0x6D -> trap(to, beforeTrap, Names.NUMBERS, "divide", CD_int);
      case 0x6E -> trap(to, beforeTrap, INTEGER, "divideUnsigned", CD_int);
      case 0x6F -> {
        beforeTrap.run();
        to.irem();
      }
      case 0x70 -> trap(to, beforeTrap, INTEGER, "remainderUnsigned", CD_int);
      case 0x71 -> to.iand();
      case 0x72 -> to.ior();
      case 0x73 -> to.ixor();
      case 0x74 -> to.ishl();
      case 0x75 -> to.ishr();
      case 0x76 -> to.iushr();
      case 0x77 -> call(to, INTEGER, "rotateLeft", CD_int, CD_int, CD_int);
      case 0x78 -> call(to, INTEGER, "rotateRight", CD_int, CD_int, CD_int);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void trap(
      CodeBuilder to, Runnable beforeTrap, ClassDesc owner, String method, ClassDesc type) {
    beforeTrap.run();
    call(to, owner, method, type, type, type);
  }

  private static boolean longs(CodeBuilder to, int op, Runnable beforeTrap) {
    switch (op) {
      case 0x79 -> call(to, LONG, "numberOfLeadingZeros", CD_int, CD_long);
      case 0x7A -> call(to, LONG, "numberOfTrailingZeros", CD_int, CD_long);
      case 0x7B -> call(to, LONG, "bitCount", CD_int, CD_long);
      case 0x7C -> to.ladd();
      case 0x7D -> to.lsub();
      case 0x7E -> to.lmul();
      case 0x7F -> trap(to, beforeTrap, Names.NUMBERS, "divide", CD_long);
      case 0x80 -> trap(to, beforeTrap, LONG, "divideUnsigned", CD_long);
      case 0x81 -> {
        beforeTrap.run();
        to.lrem();
      }
      case 0x82 -> trap(to, beforeTrap, LONG, "remainderUnsigned", CD_long);
      case 0x83 -> to.land();
      case 0x84 -> to.lor();
      case 0x85 -> to.lxor();
      case 0x86 -> to.l2i().lshl();
      case 0x87 -> to.l2i().lshr();
      case 0x88 -> to.l2i().lushr();
      case 0x89 -> call(to.l2i(), LONG, "rotateLeft", CD_long, CD_long, CD_int);
      case 0x8A -> call(to.l2i(), LONG, "rotateRight", CD_long, CD_long, CD_int);
      default -> {
        return false;
      }
    }
    if (op <= 0x7B) {
      to.i2l();
    }
    return true;
  }

  private static boolean floats(CodeBuilder to, int op) {
    switch (op) {
      case 0x8B -> call(to, Names.NUMBERS, "abs", CD_float, CD_float);
      case 0x8C -> call(to, Names.NUMBERS, "negate", CD_float, CD_float);
      case 0x8D -> call(to, Names.NUMBERS, "ceil", CD_float, CD_float);
      case 0x8E -> call(to, Names.NUMBERS, "floor", CD_float, CD_float);
      case 0x8F -> call(to, Names.NUMBERS, "truncate", CD_float, CD_float);
      case 0x90 -> call(to, Names.NUMBERS, "nearest", CD_float, CD_float);
      case 0x91 -> call(to, Names.NUMBERS, "sqrt", CD_float, CD_float);
      case 0x92 -> to.fadd();
      case 0x93 -> to.fsub();
      case 0x94 -> to.fmul();
      case 0x95 -> to.fdiv();
      case 0x96 -> call(to, MATH, "min", CD_float, CD_float, CD_float);
      case 0x97 -> call(to, MATH, "max", CD_float, CD_float, CD_float);
      case 0x98 -> call(to, Names.NUMBERS, "copySign", CD_float, CD_float, CD_float);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean doubles(CodeBuilder to, int op) {
    switch (op) {
      case 0x99 -> call(to, Names.NUMBERS, "abs", CD_double, CD_double);
      case 0x9A -> call(to, Names.NUMBERS, "negate", CD_double, CD_double);
      case 0x9B -> call(to, Names.NUMBERS, "ceil", CD_double, CD_double);
      case 0x9C -> call(to, Names.NUMBERS, "floor", CD_double, CD_double);
      case 0x9D -> call(to, Names.NUMBERS, "truncate", CD_double, CD_double);
      case 0x9E -> call(to, Names.NUMBERS, "nearest", CD_double, CD_double);
      case 0x9F -> call(to, MATH, "sqrt", CD_double, CD_double);
      case 0xA0 -> to.dadd();
      case 0xA1 -> to.dsub();
      case 0xA2 -> to.dmul();
      case 0xA3 -> to.ddiv();
      case 0xA4 -> call(to, MATH, "min", CD_double, CD_double, CD_double);
      case 0xA5 -> call(to, MATH, "max", CD_double, CD_double, CD_double);
      case 0xA6 -> call(to, Names.NUMBERS, "copySign", CD_double, CD_double, CD_double);
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean conversions(CodeBuilder to, int op, Runnable beforeTrap) {
    switch (op) {
      case 0xA7 -> to.l2i();
      case 0xA8 -> truncate(to, beforeTrap, "toInt", CD_int, CD_float);
      case 0xA9 -> truncate(to, beforeTrap, "toUnsignedInt", CD_int, CD_float);
      case 0xAA -> truncate(to, beforeTrap, "toInt", CD_int, CD_double);
      case 0xAB -> truncate(to, beforeTrap, "toUnsignedInt", CD_int, CD_double);
      case 0xAC -> to.i2l();
      case 0xAD -> to.i2l().loadConstant(0xFFFF_FFFFL).land();
      case 0xAE -> truncate(to, beforeTrap, "toLong", CD_long, CD_float);
      case 0xAF -> truncate(to, beforeTrap, "toUnsignedLong", CD_long, CD_float);
      case 0xB0 -> truncate(to, beforeTrap, "toLong", CD_long, CD_double);
      case 0xB1 -> truncate(to, beforeTrap, "toUnsignedLong", CD_long, CD_double);
      case 0xB2 -> to.i2f();
      case 0xB3 -> to.i2l().loadConstant(0xFFFF_FFFFL).land().l2f();
      case 0xB4 -> to.l2f();
      case 0xB5 -> call(to, Names.NUMBERS, "unsignedToFloat", CD_float, CD_long);
      case 0xB6 -> to.d2f();
      case 0xB7 -> to.i2d();
      case 0xB8 -> to.i2l().loadConstant(0xFFFF_FFFFL).land().l2d();
      case 0xB9 -> to.l2d();
      case 0xBA -> call(to, Names.NUMBERS, "unsignedToDouble", CD_double, CD_long);
      case 0xBB -> to.f2d();
      case 0xBC -> call(to, FLOAT, "floatToRawIntBits", CD_int, CD_float);
      case 0xBD -> call(to, DOUBLE, "doubleToRawLongBits", CD_long, CD_double);
      case 0xBE -> call(to, FLOAT, "intBitsToFloat", CD_float, CD_int);
      case 0xBF -> call(to, DOUBLE, "longBitsToDouble", CD_double, CD_long);
      case 0xC0 -> to.i2b();
      case 0xC1 -> to.i2s();
      case 0xC2 -> to.l2i().i2b().i2l();
      case 0xC3 -> to.l2i().i2s().i2l();
      case Op.I64_EXTEND32_S -> to.l2i().i2l();
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void truncate(
      CodeBuilder to, Runnable beforeTrap, String method, ClassDesc result, ClassDesc operand) {
    beforeTrap.run();
    call(to, Names.NUMBERS, method, result, operand);
  }

  private static boolean saturating(CodeBuilder to, int op) {
    switch (op - Op.PREFIXED) {
      case 0 -> to.f2i();
      case 1 -> call(to, Names.NUMBERS, "saturateUnsignedInt", CD_int, CD_float);
      case 2 -> to.d2i();
      case 3 -> call(to, Names.NUMBERS, "saturateUnsignedInt", CD_int, CD_double);
      case 4 -> to.f2l();
      case 5 -> call(to, Names.NUMBERS, "saturateUnsignedLong", CD_long, CD_float);
      case 6 -> to.d2l();
      case 7 -> call(to, Names.NUMBERS, "saturateUnsignedLong", CD_long, CD_double);
      default -> {
        return false;
      }
    }
    return true;
  }
}
