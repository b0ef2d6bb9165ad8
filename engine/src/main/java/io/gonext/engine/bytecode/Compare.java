package io.gonext.engine.bytecode;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.util.function.Consumer;

/**
 * A comparison as a conditional jump of the JVM.
 *
 * @param before emits what the jump needs on the stack in place of the operands
 * @param jump jumps if the comparison holds
 * @param jumpIfNot jumps if it does not
 */
record Compare(Consumer<CodeBuilder> before, Opcode jump, Opcode jumpIfNot) {
  private static final ClassDesc INTEGER = ClassDesc.of("java.lang.Integer");
  private static final ClassDesc LONG = ClassDesc.of("java.lang.Long");
  private static final Consumer<CodeBuilder> NOTHING = Compare::nothing;
  private static final Consumer<CodeBuilder> UNSIGNED_INTS = Compare::unsignedInts;
  private static final Consumer<CodeBuilder> LONGS = CodeBuilder::lcmp;
  private static final Consumer<CodeBuilder> UNSIGNED_LONGS = Compare::unsignedLongs;

  // With a NaN only "not equal" holds. The JVM's two instructions differ in their result for it.
  private static final Consumer<CodeBuilder> FLOATS_NAN_LESS = CodeBuilder::fcmpl;
  private static final Consumer<CodeBuilder> FLOATS_NAN_GREATER = CodeBuilder::fcmpg;
  private static final Consumer<CodeBuilder> DOUBLES_NAN_LESS = CodeBuilder::dcmpl;
  private static final Consumer<CodeBuilder> DOUBLES_NAN_GREATER = CodeBuilder::dcmpg;

  private static final Compare[] BY_OP = table();

  private static void nothing(CodeBuilder to) {
    // The jump takes the operands as they are.
  }

  private static void unsignedInts(CodeBuilder to) {
    to.invokestatic(INTEGER, "compareUnsigned", MethodTypeDesc.of(CD_int, CD_int, CD_int));
  }

  private static void unsignedLongs(CodeBuilder to) {
    to.invokestatic(LONG, "compareUnsigned", MethodTypeDesc.of(CD_int, CD_long, CD_long));
  }

  private static Compare[] table() {
    var table = new Compare[Op.F64_GE + 1];
    table[Op.I32_EQZ] = new Compare(NOTHING, Opcode.IFEQ, Opcode.IFNE);
    table[0x46] = new Compare(NOTHING, Opcode.IF_ICMPEQ, Opcode.IF_ICMPNE);
    table[0x47] = new Compare(NOTHING, Opcode.IF_ICMPNE, Opcode.IF_ICMPEQ);
    table[0x48] = new Compare(NOTHING, Opcode.IF_ICMPLT, Opcode.IF_ICMPGE);
    table[0x49] = less(UNSIGNED_INTS);
    table[0x4A] = new Compare(NOTHING, Opcode.IF_ICMPGT, Opcode.IF_ICMPLE);
    table[0x4B] = greater(UNSIGNED_INTS);
    table[0x4C] = new Compare(NOTHING, Opcode.IF_ICMPLE, Opcode.IF_ICMPGT);
    table[0x4D] = lessOrEqual(UNSIGNED_INTS);
    table[0x4E] = new Compare(NOTHING, Opcode.IF_ICMPGE, Opcode.IF_ICMPLT);
    table[0x4F] = greaterOrEqual(UNSIGNED_INTS);
    table[Op.I64_EQZ] = new Compare(to -> to.lconst_0().lcmp(), Opcode.IFEQ, Opcode.IFNE);
    table[0x51] = equal(LONGS);
    table[0x52] = notEqual(LONGS);
    table[0x53] = less(LONGS);
    table[0x54] = less(UNSIGNED_LONGS);
    table[0x55] = greater(LONGS);
    table[0x56] = greater(UNSIGNED_LONGS);
    table[0x57] = lessOrEqual(LONGS);
    table[0x58] = lessOrEqual(UNSIGNED_LONGS);
    table[0x59] = greaterOrEqual(LONGS);
    table[0x5A] = greaterOrEqual(UNSIGNED_LONGS);
    floats(table, 0x5B, FLOATS_NAN_LESS, FLOATS_NAN_GREATER);
    floats(table, 0x61, DOUBLES_NAN_LESS, DOUBLES_NAN_GREATER);
    return table;
  }

  private static void floats(
      Compare[] table, int from, Consumer<CodeBuilder> nanLess, Consumer<CodeBuilder> nanGreater) {
    table[from] = equal(nanLess);
    table[from + 1] = notEqual(nanLess);
    table[from + 2] = less(nanGreater);
    table[from + 3] = greater(nanLess);
    table[from + 4] = lessOrEqual(nanGreater);
    table[from + 5] = greaterOrEqual(nanLess);
  }

  private static Compare equal(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFEQ, Opcode.IFNE);
  }

  private static Compare notEqual(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFNE, Opcode.IFEQ);
  }

  private static Compare less(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFLT, Opcode.IFGE);
  }

  private static Compare greater(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFGT, Opcode.IFLE);
  }

  private static Compare lessOrEqual(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFLE, Opcode.IFGT);
  }

  private static Compare greaterOrEqual(Consumer<CodeBuilder> before) {
    return new Compare(before, Opcode.IFGE, Opcode.IFLT);
  }

  static Compare of(int op) {
    return BY_OP[op];
  }

  /** Replaces the operands by what the jump tests. */
  void prepare(CodeBuilder to) {
    before.accept(to);
  }
}
