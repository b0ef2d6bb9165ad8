package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.lang.classfile.attribute.CodeAttribute;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class AccessTemplateTest {
  private static final Pattern ACCESS = Pattern.compile("at|(read|write|set|put)[A-Z].*");
  private static final Set<String> TYPES =
      Set.of("Byte", "Short", "Int", "Long", "Float", "Double");

  private static Map<String, CodeAttribute> methods(Class<?> type) throws IOException {
    var methods = new TreeMap<String, CodeAttribute>();
    try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
      for (MethodModel method :
          ClassFile.of().parse(Objects.requireNonNull(in).readAllBytes()).methods()) {
        method
            .findAttribute(Attributes.code())
            .ifPresent(code ->
                methods.put(
                    method.methodName().stringValue() + method.methodType().stringValue(), code));
      }
    }
    return methods;
  }

  @Test
  void loads_and_stores_are_small_enough_for_c1_to_compile_in_place() throws IOException {
    Map<String, CodeAttribute> accesses = methods(AccessTemplate.class);
    accesses.keySet().removeIf(name -> !ACCESS.matcher(name).lookingAt());

    Map<String, CodeAttribute> numbers = methods(ByteArrays.class);
    numbers.keySet().removeIf(name -> !name.startsWith("get") && !name.startsWith("set"));

    assertThat(accesses).hasSize(1 + 6 * 2 + 4 * 3 + 2);
    assertThat(numbers).hasSize(5 * 2);
    accesses.putAll(numbers);
    accesses.forEach((name, code) -> {
      assertThat(code.codeLength()).as(name).isLessThanOrEqualTo(AccessTemplate.MOST_BYTECODE);
      assertThat(code.maxStack() + code.maxLocals())
          .as(name)
          .isLessThanOrEqualTo(AccessTemplate.MOST_SLOTS);
    });
  }

  @Test
  void accesses_of_a_roomy_memory_are_too_large_for_c1_to_compile_in_place() throws IOException {
    Map<String, CodeAttribute> accesses = methods(LinearMemory.class);
    accesses
        .keySet()
        .removeIf(name ->
            TYPES.stream().noneMatch(type -> name.matches("(read|write)" + type + "\\(.*")));

    assertThat(accesses).hasSize(12);
    accesses.forEach((name, code) ->
        assertThat(code.codeLength()).as(name).isGreaterThan(AccessTemplate.MOST_BYTECODE));
  }
}
