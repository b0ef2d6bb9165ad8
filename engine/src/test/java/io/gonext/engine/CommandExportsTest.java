package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

/** Wrappers from wasm-ld, and functions that only look like wrappers. */
class CommandExportsTest {
  private static final int I32 = 0x7F;

  /** A body that is not empty: {@code i32.const 0, drop}. */
  private static final WasmBytes CONSTRUCTORS = part().bytes(0, 0x41, 0, 0x1A, 0x0B);

  /** {@code f(i32) -> i32} that returns its argument. */
  private static final WasmBytes REAL = part().bytes(0, 0x20, 0, 0x0B);

  /** wasm-ld's wrapper of REAL. Function 0 is CONSTRUCTORS, function 1 is REAL. */
  private static final WasmBytes WRAPPER = part().bytes(0, 0x10, 0, 0x20, 0, 0x10, 1, 0x0B);

  /**
   * The same with a call of {@code __wasm_call_dtors} at the end. CONSTRUCTORS stands for it here.
   */
  private static final WasmBytes WITH_DESTRUCTORS =
      part().bytes(0, 0x10, 0, 0x20, 0, 0x10, 1, 0x10, 0, 0x0B);

  /**
   * Function 0 has the type {@code () -> ()} and function 1 {@code (i32) -> i32}. Then follow
   * exported functions a, b and so on of the second type.
   */
  private static WasmBytes module(WasmBytes constructors, WasmBytes... exported) {
    return module(constructors, 0, 1, exported);
  }

  /**
   * The types are: {@code () -> ()}, {@code i32 -> i32}, {@code () -> i32}, {@code (i32, i32) ->
   * i32}.
   */
  private static WasmBytes module(
      WasmBytes constructors, int constructorsType, int realType, WasmBytes... exported) {
    var types =
        part()
            .u32(4)
            .bytes(0x60, 0, 0)
            .bytes(0x60, 1, I32, 1, I32)
            .bytes(0x60, 0, 1, I32)
            .bytes(0x60, 2, I32, I32, 1, I32);
    var functions = part().u32(2 + exported.length).bytes(constructorsType, realType);
    var exports = part().u32(exported.length);
    var code = part().u32(2 + exported.length);
    for (WasmBytes body : new WasmBytes[] {constructors, REAL}) {
      code.u32(body.toBytes().length).append(body);
    }
    for (int i = 0; i < exported.length; i++) {
      functions.bytes(1);
      exports.name(String.valueOf((char) ('a' + i))).bytes(0, 2 + i);
      code.u32(exported[i].toBytes().length).append(exported[i]);
    }
    return WasmBytes.module()
        .section(1, types)
        .section(3, functions)
        .section(7, exports)
        .section(10, code);
  }

  private static WasmBytes named(WasmBytes module, String constructors) {
    var names = part().u32(1).u32(0).name(constructors);
    return module.section(0, part().name("name").section(1, names));
  }

  private static Set<String> found(WasmBytes module) {
    return Engine.admit(module.toBytes(), EngineLimits.defaults()).constructingExports();
  }

  @Test
  void exports_that_the_linker_wrapped_are_found() {
    assertThat(found(module(CONSTRUCTORS, WRAPPER, REAL, WITH_DESTRUCTORS)))
        .containsExactly("a", "c");
    assertThat(found(named(module(CONSTRUCTORS, WRAPPER, WRAPPER), "__wasm_call_ctors")))
        .containsExactly("a", "b");
  }

  @Test
  void another_first_call_in_exports_is_not_a_wrapper() {
    assertThat(found(named(module(CONSTRUCTORS, WRAPPER, WRAPPER), "runtime.check"))).isEmpty();
  }

  @Test
  void a_single_export_is_not_a_wrapper() {
    assertThat(found(module(CONSTRUCTORS, WRAPPER, REAL))).isEmpty();
  }

  @Test
  void a_call_of_empty_constructors_is_not_a_wrapper() {
    assertThat(found(module(part().bytes(0, 0x0B), WRAPPER, WRAPPER))).isEmpty();
  }

  @Test
  void a_first_call_with_a_result_is_not_a_wrapper() {
    // f(self(), x) has the same instructions.
    var self = part().bytes(0, 0x41, 7, 0x0B);
    assertThat(found(module(self, 2, 3, WRAPPER, WRAPPER))).isEmpty();
  }

  @Test
  void an_export_with_more_instructions_is_not_a_wrapper() {
    var more = part().bytes(0, 0x10, 0, 0x20, 0, 0x10, 1, 0x41, 1, 0x6A, 0x0B);
    assertThat(found(module(CONSTRUCTORS, more, more))).isEmpty();
  }
}
