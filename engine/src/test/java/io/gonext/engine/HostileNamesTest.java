package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.gonext.engine.dwarf.SourceLines;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Hostile names in every refusal that quotes a name. */
class HostileNamesTest {
  private static final String HOSTILE =
      "a\u001b]0;owned\u0007\r\n\u0085\u009b2J\u202e\u2066\u200f\u061c\u2028\u2029\ufeff\u007fz";
  private static final String SHOWN =
      "a\\u001b]0;owned\\u0007\\r\\n\\u0085\\u009b2J\\u202e\\u2066\\u200f\\u061c\\u2028\\u2029"
          + "\\ufeff\\u007fz";

  private static WasmBytes importing(String module, String name, int... description) {
    return WasmBytes.module()
        .section(1, part().u32(1).bytes(0x60, 0, 0))
        .section(2, part().u32(1).name(module).name(name).bytes(description));
  }

  static Stream<byte[]> modules() {
    var exports = part().u32(2).name(HOSTILE).bytes(0, 0).name(HOSTILE).bytes(0, 0);
    var missing = part().u32(1).name(HOSTILE).bytes(0, 9);
    return Stream.of(
            importing("wasi_snapshot_preview1", HOSTILE, 0, 0),
            importing(HOSTILE, "memory", 2, 0, 1),
            importing("env", HOSTILE, 1, 0x70, 0, 1),
            importing("env", HOSTILE, 3, 0x7F, 0),
            importing("env", "f", 0, 0).section(7, exports),
            importing("env", "f", 0, 0).section(7, missing))
        .map(WasmBytes::toBytes);
  }

  @ParameterizedTest
  @MethodSource("modules")
  void a_refusal_escapes_the_name_it_quotes(byte[] module) {
    var refused =
        catchThrowableOfType(
            ModuleRejectedException.class, () -> Admission.admit(module, EngineLimits.defaults()));

    assertThat(refused).hasMessageContaining(SHOWN);
    String message = String.valueOf(refused.getMessage());
    assertThat(PlainText.of(message)).isEqualTo(message);
  }

  @ParameterizedTest
  @MethodSource("panics")
  void the_text_of_a_panic_or_violation_is_escaped(RuntimeException said) {
    assertThat(said).hasMessage(SHOWN);
  }

  static Stream<RuntimeException> panics() {
    return Stream.of(new GuestPanicException(HOSTILE), new AbiViolationException(HOSTILE));
  }

  @Test
  void the_path_of_a_source_file_is_escaped_and_bounded() {
    assertThat(Backtraces.location(new SourceLines.Line(HOSTILE, 7, 3)))
        .isEqualTo(new SourceLocation(SHOWN, 7, 3));
    assertThat(Backtraces.location(new SourceLines.Line("x".repeat(1_000), 7, 0)).file())
        .isEqualTo("x".repeat(512) + "...");
  }
}
