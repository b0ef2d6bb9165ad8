package io.gonext.engine.bytecode;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;

/**
 * Copies a method, and merges each comparison that decides a jump into the jump.
 *
 * <p>Endive's compiler emits a call for a comparison. All modules call the same method, so they
 * share the JIT's profile of its result, and the JIT lays out one function's branch by the profile
 * of others. Equality of integers stays a call, because merging it made scanning loops slower in
 * measurements.
 */
final class FusedCompares extends HeldInstructions {
  /** The additional stack for a 64-bit zero. */
  private static final int MORE_STACK = 2;

  private static final String ZERO = "I32_EQZ";
  private static final Map<String, Compare> COMPARES = compares();

  /**
   * A comparison in bytecode.
   *
   * @param before emits code that leaves one or two ints on the stack
   * @param jump the opcode that jumps if the comparison holds; {@link #otherwise} is the opposite
   */
  private record Compare(Emitter before, int jump) {
    private interface Emitter {
      void emit(MethodVisitor to);
    }

    /** The opcodes of a condition and its opposite are neighbors, the odd one first. */
    int otherwise() {
      return jump % 2 == 1 ? jump + 1 : jump - 1;
    }
  }

  /** A call of a comparison. */
  private record Call(int opcode, String owner, String name, String type, boolean isInterface) {
    void emit(MethodVisitor to) {
      to.visitMethodInsn(opcode, owner, name, type, isInterface);
    }
  }

  /** A pending comparison, and the tests of its result for 0 that follow. */
  private final List<Call> held = new ArrayList<>();

  FusedCompares(MethodVisitor copy) {
    super(copy);
  }

  private static Map<String, Compare> compares() {
    Map<String, Compare> compares = new HashMap<>();
    compares.put(ZERO, new Compare(to -> {}, Opcodes.IFEQ));
    compares.put(
        "I64_EQZ",
        new Compare(
            to -> {
              to.visitInsn(Opcodes.LCONST_0);
              to.visitInsn(Opcodes.LCMP);
            },
            Opcodes.IFEQ));
    compares.put("I32_LT_S", new Compare(to -> {}, Opcodes.IF_ICMPLT));
    compares.put("I32_GE_S", new Compare(to -> {}, Opcodes.IF_ICMPGE));
    compares.put("I32_GT_S", new Compare(to -> {}, Opcodes.IF_ICMPGT));
    compares.put("I32_LE_S", new Compare(to -> {}, Opcodes.IF_ICMPLE));
    Compare.Emitter signed = to -> to.visitInsn(Opcodes.LCMP);
    order(compares, "I64_", "_S", signed, signed);
    Compare.Emitter ints = unsigned("java/lang/Integer", "(II)I");
    order(compares, "I32_", "_U", ints, ints);
    compares.put("i32_ge_u", new Compare(ints, Opcodes.IFGE));
    Compare.Emitter longs = unsigned("java/lang/Long", "(JJ)I");
    order(compares, "I64_", "_U", longs, longs);
    floats(compares, "F32_", Opcodes.FCMPL, Opcodes.FCMPG);
    floats(compares, "F64_", Opcodes.DCMPL, Opcodes.DCMPG);
    return Map.copyOf(compares);
  }

  private static Compare.Emitter unsigned(String owner, String type) {
    return to -> to.visitMethodInsn(Opcodes.INVOKESTATIC, owner, "compareUnsigned", type, false);
  }

  /**
   * With a NaN only "not equal" holds. The JVM's two instructions differ in their result for a NaN.
   */
  private static void floats(
      Map<String, Compare> compares, String type, int nanIsLess, int nanIsGreater) {
    Compare.Emitter less = to -> to.visitInsn(nanIsLess);
    compares.put(type + "EQ", new Compare(less, Opcodes.IFEQ));
    compares.put(type + "NE", new Compare(less, Opcodes.IFNE));
    order(compares, type, "", to -> to.visitInsn(nanIsGreater), less);
  }

  private static void order(
      Map<String, Compare> compares,
      String type,
      String sign,
      Compare.Emitter isLess,
      Compare.Emitter isGreater) {
    compares.put(type + "LT" + sign, new Compare(isLess, Opcodes.IFLT));
    compares.put(type + "LE" + sign, new Compare(isLess, Opcodes.IFLE));
    compares.put(type + "GT" + sign, new Compare(isGreater, Opcodes.IFGT));
    compares.put(type + "GE" + sign, new Compare(isGreater, Opcodes.IFGE));
  }

  @Override
  void flush() {
    for (Call call : held) {
      call.emit(mv);
    }
    held.clear();
  }

  @Override
  public void visitMethodInsn(
      int opcode, String owner, String name, String type, boolean isInterface) {
    if (!name.equals(ZERO)) {
      flush();
    }
    var call = new Call(opcode, owner, name, type, isInterface);
    if (COMPARES.containsKey(name)) {
      held.add(call);
    } else {
      call.emit(mv);
    }
  }

  @Override
  public void visitJumpInsn(int opcode, Label target) {
    @Nullable Compare compare = held.isEmpty() ? null : COMPARES.get(held.getFirst().name);
    if (compare == null || (opcode != Opcodes.IFEQ && opcode != Opcodes.IFNE)) {
      super.visitJumpInsn(opcode, target);
      return;
    }
    boolean jumpsWhereItHolds = (opcode == Opcodes.IFNE) == (held.size() % 2 == 1);
    held.clear();
    compare.before.emit(mv);
    mv.visitJumpInsn(jumpsWhereItHolds ? compare.jump : compare.otherwise(), target);
  }

  @Override
  public void visitMaxs(int stack, int locals) {
    mv.visitMaxs(stack + MORE_STACK, locals);
  }
}
