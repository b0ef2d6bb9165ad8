package io.gonext.engine.bytecode;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.objectweb.asm.ClassReader;
import org.objectweb.asm.ClassVisitor;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.Label;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import org.objectweb.asm.Type;
import run.endive.runtime.OpcodeImpl;

/** A comparison that is merged into a jump decides like Endive's method. */
class FusedComparesTest {
  private static final String OWNER = Type.getInternalName(OpcodeImpl.class);
  private static final String DECIDE = "decide";

  /** Comparisons that stay calls. */
  private static final String LEFT = "I(32|64)_(EQ|NE)";

  static Stream<Method> comparisons() {
    return Arrays.stream(OpcodeImpl.class.getMethods())
        .filter(method -> method.getName().matches("[IF](32|64)_(EQZ?|NE|[LG][TE](_[SU])?)"));
  }

  @Test
  void the_test_covers_every_comparison() {
    assertThat(comparisons()).hasSize(34);
  }

  @ParameterizedTest
  @MethodSource("comparisons")
  void a_merged_jump_is_taken_when_the_comparison_holds(Method comparison) throws Exception {
    for (int jump : new int[] {Opcodes.IFEQ, Opcodes.IFNE}) {
      for (int zeroTests = 0; zeroTests < 3; zeroTests++) {
        byte[] code = fused(comparison, comparison.getName(), OWNER, zeroTests, jump);
        assertThat(calls(code).contains(comparison.getName()))
            .isEqualTo(comparison.getName().matches(LEFT));
        check(comparison, code, zeroTests, jump);
      }
    }
  }

  /** Endive's compiler calls its own copy of this comparison. */
  @Test
  void the_compilers_own_copy_of_i32_ge_u_is_merged() throws Exception {
    Method comparison = OpcodeImpl.class.getMethod("I32_GE_U", int.class, int.class);

    check(comparison, fused(comparison, "i32_ge_u", "None", 1, Opcodes.IFNE), 1, Opcodes.IFNE);
  }

  @Test
  void a_comparison_before_a_jump_target_stays_a_call() {
    List<String> calls = new ArrayList<>();
    var fused = new FusedCompares(collecting(calls));
    fused.visitMethodInsn(Opcodes.INVOKESTATIC, OWNER, "I32_EQZ", "(I)I", false);
    var here = new Label();
    fused.visitLabel(here);
    fused.visitJumpInsn(Opcodes.IFNE, here);

    assertThat(calls).containsExactly("I32_EQZ");
  }

  private static void check(Method comparison, byte[] code, int zeroTests, int jump)
      throws Exception {
    Class<?>[] parameters = comparison.getParameterTypes();
    Method decide = new Loader().define(code).getMethod(DECIDE, parameters);
    for (Object[] arguments : arguments(parameters)) {
      boolean holds = (int) comparison.invoke(null, arguments) != 0;
      boolean nonZero = holds == (zeroTests % 2 == 0);
      assertThat((int) decide.invoke(null, arguments) == 1)
          .as("%s%s", comparison.getName(), Arrays.toString(arguments))
          .isEqualTo(nonZero == (jump == Opcodes.IFNE));
    }
  }

  private static List<Object[]> arguments(Class<?>[] parameters) {
    List<Object> values = values(parameters[0]);
    if (parameters.length == 1) {
      return values.stream().map(value -> new Object[] {value}).toList();
    }
    return values.stream()
        .flatMap(left -> values.stream().map(right -> new Object[] {left, right}))
        .toList();
  }

  private static List<Object> values(Class<?> type) {
    if (type == int.class) {
      return List.of(0, 1, 2, -1, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }
    if (type == long.class) {
      return List.of(0L, 1L, -1L, 1L << 32, Long.MIN_VALUE, Long.MAX_VALUE);
    }
    List<Float> floats =
        List.of(0f, -0f, 1f, -1f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY);
    return type == float.class
        ? List.copyOf(floats)
        : floats.stream().map(value -> (Object) value.doubleValue()).toList();
  }

  /**
   * A class with one method that returns whether the jump was taken. Its class file version needs
   * no frames.
   */
  private static byte[] fused(
      Method comparison, String name, String owner, int zeroTests, int jump) {
    var writer = new ClassWriter(ClassWriter.COMPUTE_MAXS);
    writer.visit(Opcodes.V1_5, Opcodes.ACC_PUBLIC, "Decision", null, "java/lang/Object", null);
    String type = Type.getMethodDescriptor(comparison);
    var method =
        new FusedCompares(
            writer.visitMethod(Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC, DECIDE, type, null, null));
    method.visitCode();
    int local = 0;
    for (Type parameter : Type.getArgumentTypes(type)) {
      method.visitVarInsn(parameter.getOpcode(Opcodes.ILOAD), local);
      local += parameter.getSize();
    }
    method.visitMethodInsn(Opcodes.INVOKESTATIC, owner, name, type, false);
    for (int i = 0; i < zeroTests; i++) {
      method.visitMethodInsn(Opcodes.INVOKESTATIC, OWNER, "I32_EQZ", "(I)I", false);
    }
    var taken = new Label();
    method.visitJumpInsn(jump, taken);
    method.visitInsn(Opcodes.ICONST_0);
    method.visitInsn(Opcodes.IRETURN);
    method.visitLabel(taken);
    method.visitInsn(Opcodes.ICONST_1);
    method.visitInsn(Opcodes.IRETURN);
    method.visitMaxs(0, 0);
    method.visitEnd();
    writer.visitEnd();
    return writer.toByteArray();
  }

  private static List<String> calls(byte[] classBytes) {
    List<String> calls = new ArrayList<>();
    var visitor =
        new ClassVisitor(Opcodes.ASM9) {
          @Override
          public MethodVisitor visitMethod(
              int access,
              String name,
              String type,
              @Nullable String signature,
              String @Nullable [] exceptions) {
            return collecting(calls);
          }
        };
    new ClassReader(classBytes).accept(visitor, 0);
    return calls;
  }

  private static MethodVisitor collecting(List<String> calls) {
    return new MethodVisitor(Opcodes.ASM9) {
      @Override
      public void visitMethodInsn(
          int opcode, String owner, String name, String type, boolean isInterface) {
        calls.add(name);
      }
    };
  }

  private static final class Loader extends ClassLoader {
    Loader() {
      super(FusedComparesTest.class.getClassLoader());
    }

    Class<?> define(byte[] code) {
      return defineClass("Decision", code, 0, code.length);
    }
  }
}
