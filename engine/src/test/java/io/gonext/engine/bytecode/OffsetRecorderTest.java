package io.gonext.engine.bytecode;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.engine.CompiledClasses;
import io.gonext.engine.GuestFrame;
import io.gonext.engine.TestEngine;
import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import run.endive.wasm.Parser;
import run.endive.wasm.types.ExternalType;

/**
 * Endive's compiler emits the calls that {@link CallSites} expects. {@link
 * io.gonext.engine.SpecSuiteTest} checks the same for every module of the core test suite.
 */
class OffsetRecorderTest {
  @RegisterExtension final TestEngine engine = new TestEngine();

  static List<Path> modules() throws IOException {
    try (var files = Files.list(Path.of("src/test/resources/debug-info"))) {
      return files.filter(file -> file.toString().endsWith(".wasm")).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("modules")
  void every_function_of_a_real_module_has_the_expected_calls(Path file) throws IOException {
    check(Files.readAllBytes(file));
  }

  @ParameterizedTest
  @ValueSource(strings = {"engine-basics", "engine-mutator", "engine-offsets"})
  void every_function_of_a_handwritten_module_has_the_expected_calls(String guest) {
    check(Guests.wasm(guest));
  }

  private static void check(byte[] wasm) {
    var module = Parser.parse(wasm);
    var recorder = new OffsetRecorder(module, module.importSection().count(ExternalType.FUNCTION));

    recorder.record(CompiledClasses.of(module));

    assertThat(recorder.mismatched()).isZero();
    assertThat(recorder.recorded()).isPositive();
  }

  private GuestFrame innermost(String function, long... args) {
    return TestEngine.trap(engine.instance("engine-offsets"), function, args)
        .backtrace()
        .getFirst();
  }

  /** The bytes at a frame's code offset: the instruction with its immediates. */
  private static String bytesAt(GuestFrame frame, int count) {
    byte[] wasm = Guests.wasm("engine-offsets");
    var hex = new StringBuilder();
    for (int i = 0; i < count; i++) {
      hex.append("%02x".formatted(wasm[frame.codeOffset() + i]));
    }
    return hex.toString();
  }

  @Test
  void offsets_are_right_after_unreachable_code() {
    assertThat(bytesAt(innermost("after_dead_code"), 1)).isEqualTo("6d");
  }

  @Test
  void an_access_beyond_all_addresses_has_its_offset() {
    assertThat(bytesAt(innermost("beyond"), 7)).isEqualTo("2802" + "fcffffff0f");
  }

  @Test
  void code_after_a_br_table_with_backward_targets_has_its_offset() {
    assertThat(bytesAt(innermost("after_table", 9), 1)).isEqualTo("70");
  }

  @Test
  void the_second_of_two_equal_instructions_has_its_own_offset() {
    var first = innermost("two_loads", 0xFFFF_FFFFL, 0);
    var second = innermost("two_loads", 0, 0xFFFF_FFFFL);

    assertThat(second.codeOffset() - first.codeOffset()).isEqualTo(5);
  }
}
