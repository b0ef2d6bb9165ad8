package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.guests.Guests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import run.endive.wasm.Parser;

/** Which accesses are put in place. That they do what they must is {@link SpecSuiteTest}'s. */
class AccessInlinerTest {
  private static final int JIT_LIMIT_BYTES = 8_000;

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_function_calls_nothing_for_its_accesses_unless_the_jit_would_then_leave_it_alone(
      boolean exact) throws IOException {
    int inlined = 0;
    for (byte[] before : functionClasses()) {
      Map<String, MethodModel> methods = methods(before);
      for (MethodModel after : methods(new AccessInliner(exact).inline(before)).values()) {
        MethodModel original = methods.get(after.methodName().stringValue());
        assertThat(length(after) > JIT_LIMIT_BYTES).isEqualTo(length(original) > JIT_LIMIT_BYTES);
        List<String> left = accessesCalled(after);
        if (left.isEmpty()) {
          inlined += accessesCalled(original).isEmpty() ? 0 : 1;
        } else {
          assertThat(left).isEqualTo(accessesCalled(original));
        }
      }
    }
    assertThat(inlined).isGreaterThan(100);
  }

  /** Each would be too large for a method of the JVM, which is not to cost a reading each. */
  @Test
  void many_functions_that_grow_too_large_are_left_alone_in_linear_time() {
    byte[] few = outgrowing(10);
    byte[] many = outgrowing(100);
    var inliner = new AccessInliner(true);

    Map<String, MethodModel> inlined = methods(inliner.inline(many));
    methods(many)
        .forEach((name, method) ->
            assertThat(length(inlined.get(name))).as(name).isEqualTo(length(method)));
    Budget.check(cost(inliner, few).multipliedBy(40), Long.MAX_VALUE, () -> inliner.inline(many));
  }

  private static Duration cost(AccessInliner inliner, byte[] classBytes) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    inliner.inline(classBytes);
    long before = threads.getCurrentThreadCpuTime();
    inliner.inline(classBytes);
    return Duration.ofNanos(threads.getCurrentThreadCpuTime() - before);
  }

  /** A class of functions with so many stores that only calls of them fit. */
  private static byte[] outgrowing(int functions) {
    var writer = new ClassWriter(0);
    writer.visit(Opcodes.V11, Opcodes.ACC_PUBLIC, "Functions", null, "java/lang/Object", null);
    for (int function = 0; function < functions; function++) {
      MethodVisitor method =
          writer.visitMethod(
              Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
              ModuleCompiler.METHOD_PREFIX + function,
              "(Lrun/endive/runtime/Memory;)V",
              null,
              null);
      method.visitCode();
      for (int store = 0; store < 6_000; store++) {
        method.visitInsn(Opcodes.ICONST_0);
        method.visitInsn(Opcodes.ICONST_1);
        method.visitInsn(Opcodes.ICONST_2);
        method.visitVarInsn(Opcodes.ALOAD, 0);
        method.visitMethodInsn(
            Opcodes.INVOKESTATIC,
            "Shaded",
            "memoryWriteInt",
            "(IIILrun/endive/runtime/Memory;)V",
            false);
      }
      method.visitInsn(Opcodes.RETURN);
      method.visitMaxs(4, 1);
      method.visitEnd();
    }
    writer.visitEnd();
    return writer.toByteArray();
  }

  private static List<byte[]> functionClasses() throws IOException {
    var module =
        Parser.parse(Admission.admit(Guests.wasm("compute"), EngineLimits.defaults()).stripped());
    List<byte[]> classes = new ArrayList<>();
    try (var jar = new JarInputStream(new ByteArrayInputStream(CompiledClasses.of(module)))) {
      for (var entry = jar.getNextJarEntry(); entry != null; entry = jar.getNextJarEntry()) {
        if (ModuleClasses.holdsFunctions(entry.getName())) {
          classes.add(jar.readAllBytes());
        }
      }
    }
    return classes;
  }

  private static Map<String, MethodModel> methods(byte[] classBytes) {
    ClassModel model = ClassFile.of().parse(classBytes);
    Map<String, MethodModel> methods = new HashMap<>();
    for (MethodModel method : model.methods()) {
      methods.put(method.methodName().stringValue(), method);
    }
    return methods;
  }

  private static int length(@Nullable MethodModel method) {
    return method != null && method.code().orElse(null) instanceof CodeAttribute code
        ? code.codeLength()
        : 0;
  }

  private static List<String> accessesCalled(@Nullable MethodModel method) {
    if (method == null || method.code().isEmpty()) {
      return List.of();
    }
    return method.code().orElseThrow().elementList().stream()
        .filter(InvokeInstruction.class::isInstance)
        .map(element -> ((InvokeInstruction) element).name().stringValue())
        .filter(name -> name.matches("memory(Read|Write).*"))
        .toList();
  }
}
