package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.bytecode.CompiledFunctions;
import io.gonext.engine.bytecode.EmittedClasses;
import io.gonext.engine.bytecode.PartSizes;
import io.gonext.guests.Guests;
import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.MethodModel;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** HotSpot compiles every method of real guests, whatever the size of their functions. */
class MethodSizeTest {
  /**
   * The methods that HotSpot never compiles, with their sizes in bytes. With fuel or without, since
   * what counts fuel is larger.
   */
  private static Map<String, Integer> huge(byte[] wasm) {
    ModuleDefinition module = Admission.admit(wasm, EngineLimits.defaults()).definition();
    var huge = new TreeMap<String, Integer>();
    for (boolean isMetered : new boolean[] {false, true}) {
      huge.putAll(huge(module, isMetered));
    }
    return huge;
  }

  static Map<String, Integer> huge(ModuleDefinition module, boolean isMetered) {
    EmittedClasses classes =
        LargeStack.call(
            () -> ModuleCompiler.emit(module, PartSizes.DEFAULTS, isMetered, () -> false));
    var huge = new TreeMap<String, Integer>();
    for (byte[] content : classes.classes().values()) {
      for (MethodModel method : ClassFile.of().parse(content).methods()) {
        method
            .findAttribute(Attributes.code())
            .filter(code -> code.codeLength() > CompiledFunctions.HUGE_METHOD_BYTES)
            .ifPresent(code -> huge.put(method.methodName().stringValue(), code.codeLength()));
      }
    }
    return huge;
  }

  @ParameterizedTest
  @ValueSource(strings = {"compute", "echo", "engine-basics", "engine-mutator", "services"})
  void no_method_of_a_guest_is_too_large_for_hotspot(String guest) {
    assertThat(huge(Guests.wasm(guest))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "frames",
        "selects",
        "loops side by side",
        "labels far away",
        "small functions",
        "constants",
        "loops with a few instructions",
        "one basic block",
        "60 operands again and again",
        "calls with 255 arguments",
        "a table of one type",
        "globals",
        "exports",
      })
  void no_method_of_a_costly_module_is_too_large_for_hotspot(String bomb) {
    assertThat(huge(Objects.requireNonNull(Bombs.all().get(bomb)))).isEmpty();
  }

  /** Go's compiler emits a function as one switch over all places where it can continue. */
  @ParameterizedTest
  @ValueSource(ints = {100, 800, 3_000})
  void no_method_of_a_function_that_is_one_switch_is_too_large(int cases) {
    assertThat(huge(CompileBoundsTest.resumable(cases))).isEmpty();
  }
}
