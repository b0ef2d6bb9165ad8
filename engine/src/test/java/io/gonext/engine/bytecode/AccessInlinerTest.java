package io.gonext.engine.bytecode;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.Budget;
import io.gonext.engine.CompiledClasses;
import io.gonext.engine.GuestAccess;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.TestEngine;
import io.gonext.engine.WasmBytes;
import io.gonext.guests.Guests;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.instruction.InvokeInstruction;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.jar.JarInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.objectweb.asm.ClassWriter;
import org.objectweb.asm.MethodVisitor;
import org.objectweb.asm.Opcodes;
import run.endive.wasm.Parser;

/** Tests which accesses are inlined. {@link io.gonext.engine.SpecSuiteTest} tests what they do. */
class AccessInlinerTest {
  private static final int JIT_LIMIT_BYTES = 8_000;
  private static final int BLOCK_SHIFT = 12;
  private static final String GUEST_ACCESS = "io/gonext/engine/GuestAccess";

  @RegisterExtension final TestEngine engine = new TestEngine();

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void few_accesses_are_inlined_and_many_become_calls_within_the_size_limits(boolean exact)
      throws IOException {
    int inPlace = 0;
    int called = 0;
    for (byte[] before : functionClasses()) {
      Map<String, MethodModel> methods = methods(before);
      for (MethodModel after : methods(inliner(exact).inline(before)).values()) {
        MethodModel original = methods.get(after.methodName().stringValue());
        assertThat(length(after) > JIT_LIMIT_BYTES).isEqualTo(length(original) > JIT_LIMIT_BYTES);
        int accesses = accessesCalled(original).size();
        int calls = calls(after, GUEST_ACCESS, ".*").size();
        if (!accessesCalled(after).isEmpty()) {
          assertThat(accessesCalled(after)).isEqualTo(accessesCalled(original));
          assertThat(calls).isZero();
        } else if (calls > 0) {
          assertThat(exact).isTrue();
          assertThat(calls).isEqualTo(accesses);
          called++;
        } else if (accesses > 0) {
          assertThat(calls(original, ".*", "memory(Read|Write)(?!Byte).*"))
              .hasSizeLessThanOrEqualTo(AccessInliner.MOST_IN_PLACE);
          inPlace++;
        }
      }
    }
    assertThat(inPlace).isGreaterThan(100);
    assertThat(called > 0).isEqualTo(exact);
  }

  /**
   * A function adds 1 to a global, calls a function that does the same, adds 1 and returns the
   * global.
   */
  @Test
  void a_global_kept_in_a_local_is_shared_with_other_functions() {
    int[][] types = {{0x7F, 0x41, 1, 0x6A}, {0x7E, 0x42, 1, 0x7C}};
    for (int[] type : types) {
      int[] load = {0x41, 0, 0x28, 2, 0, 0x1A};
      int[] addOne = {0x23, 5, type[1], type[2], type[3], 0x24, 5};
      byte[] adds = part().bytes(0).bytes(load).bytes(addOne).bytes(0x0B).toBytes();
      byte[] enter =
          part()
              .bytes(0)
              .bytes(load)
              .bytes(addOne)
              .bytes(0x10, 1)
              .bytes(addOne)
              .bytes(0x23, 5, 0x0B)
              .toBytes();
      var globals = part().u32(6);
      for (int i = 0; i < 6; i++) {
        globals.bytes(type[0], 1, type[1], 10, 0x0B);
      }
      byte[] module =
          WasmBytes.module()
              .section(1, part().u32(2).bytes(0x60, 0, 1, type[0]).bytes(0x60, 0, 0))
              .section(3, part().u32(2).bytes(0, 1))
              .section(5, part().u32(1).bytes(0, 1))
              .section(6, globals)
              .section(7, part().u32(1).name("enter").bytes(0, 0))
              .section(10, part().u32(2).u32(enter.length).raw(enter).u32(adds.length).raw(adds))
              .toBytes();
      GuestInstance guest = engine.engine.compile(module).instantiate(InstanceConfig.defaults());

      assertThat(TestEngine.call(guest, "enter")).isEqualTo(13);
      assertThat(TestEngine.call(guest, "enter")).isEqualTo(16);
      guest.reset();
      assertThat(TestEngine.call(guest, "enter")).isEqualTo(13);
    }
  }

  /** Otherwise C1 could not compile functions with many accesses. */
  @Test
  void methods_for_many_accesses_are_too_long_for_c1_to_inline() throws IOException {
    byte[] classBytes;
    try (var in = GuestAccess.class.getResourceAsStream("GuestAccess.class")) {
      classBytes = Objects.requireNonNull(in).readAllBytes();
    }
    List<MethodModel> accesses =
        ClassFile.of().parse(classBytes).methods().stream()
            .filter(method -> method.methodName().stringValue().matches("(read|write).*"))
            // Access to an array element is as short as a method call.
            .filter(method -> !method.methodName().equalsString("readByte"))
            .toList();

    assertThat(accesses).hasSize(11);
    assertThat(accesses).allMatch(method -> length(method) > 35);
  }

  /** Each function would become too large for a JVM method. That must not cost a pass for each. */
  @Test
  void functions_that_would_grow_too_large_stay_unchanged_in_linear_time() {
    byte[] few = outgrowing(10);
    byte[] many = outgrowing(100);
    var inliner = inliner(true);

    Map<String, MethodModel> inlined = methods(inliner.inline(many));
    methods(many)
        .forEach((name, method) ->
            assertThat(length(inlined.get(name))).as(name).isEqualTo(length(method)));
    Budget.check(
        Budget.time(() -> inliner.inline(few)).multipliedBy(40),
        Long.MAX_VALUE,
        () -> inliner.inline(many));
  }

  private static AccessInliner inliner(boolean exact) {
    return new AccessInliner(GuestAccess.class, BLOCK_SHIFT, exact);
  }

  /** A class whose functions have so many stores that inlined ones do not fit. */
  private static byte[] outgrowing(int functions) {
    var writer = new ClassWriter(0);
    writer.visit(Opcodes.V11, Opcodes.ACC_PUBLIC, "Functions", null, "java/lang/Object", null);
    for (int function = 0; function < functions; function++) {
      MethodVisitor method =
          writer.visitMethod(
              Opcodes.ACC_PUBLIC | Opcodes.ACC_STATIC,
              CompiledFunctions.METHOD_PREFIX + function,
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
    var module = Parser.parse(Guests.wasm("compute"));
    List<byte[]> classes = new ArrayList<>();
    try (var jar = new JarInputStream(new ByteArrayInputStream(CompiledClasses.of(module)))) {
      for (var entry = jar.getNextJarEntry(); entry != null; entry = jar.getNextJarEntry()) {
        if (CompiledFunctions.isIn(entry.getName())) {
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
    return calls(method, ".*", "memory(Read|Write).*");
  }

  /** The names of the methods that a method calls, if their owner and name match these patterns. */
  private static List<String> calls(@Nullable MethodModel method, String owner, String name) {
    if (method == null || method.code().isEmpty()) {
      return List.of();
    }
    return method.code().orElseThrow().elementList().stream()
        .filter(InvokeInstruction.class::isInstance)
        .map(InvokeInstruction.class::cast)
        .filter(call -> call.owner().asInternalName().matches(owner))
        .map(call -> call.name().stringValue())
        .filter(called -> called.matches(name))
        .toList();
  }
}
