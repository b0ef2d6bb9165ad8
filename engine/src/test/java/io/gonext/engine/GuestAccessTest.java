package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class GuestAccessTest {
  @Test
  void loads_and_stores_are_small_enough_for_c1_to_compile_in_place() throws IOException {
    var sizes = new TreeMap<String, Integer>();
    try (InputStream in = GuestAccess.class.getResourceAsStream("GuestAccess.class")) {
      for (MethodModel method :
          ClassFile.of().parse(Objects.requireNonNull(in).readAllBytes()).methods()) {
        method
            .findAttribute(Attributes.code())
            .ifPresent(code ->
                sizes.put(
                    method.methodName().stringValue() + method.methodType().stringValue(),
                    code.codeLength()));
      }
    }
    sizes.keySet().removeIf(name -> !name.startsWith("read") && !name.startsWith("write"));

    assertThat(sizes).hasSize(24);
    assertThat(sizes.values()).allMatch(bytes -> bytes <= GuestAccess.MOST_BYTECODE);
  }
}
