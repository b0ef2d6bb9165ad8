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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.jar.JarInputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
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
        int originalLength = length(methods.get(after.methodName().stringValue()));
        assertThat(length(after) > JIT_LIMIT_BYTES).isEqualTo(originalLength > JIT_LIMIT_BYTES);
        if (length(after) != originalLength) {
          inlined++;
          assertThat(called(after)).noneMatch(name -> name.matches("memory(Read|Write).*"));
        }
      }
    }
    assertThat(inlined).isGreaterThan(100);
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

  private static List<String> called(MethodModel method) {
    return method.code().orElseThrow().elementList().stream()
        .filter(InvokeInstruction.class::isInstance)
        .map(element -> ((InvokeInstruction) element).name().stringValue())
        .toList();
  }
}
