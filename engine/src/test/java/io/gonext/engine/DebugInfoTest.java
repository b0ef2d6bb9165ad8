package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Traps of guests that were built with debug information. See the README of the resources. */
class DebugInfoTest {
  private static final Path RESOURCES = Path.of("src/test/resources/debug-info");

  @RegisterExtension final TestEngine engine = new TestEngine();

  private static byte[] wasm(String module) throws IOException {
    return Files.readAllBytes(RESOURCES.resolve(module + ".wasm"));
  }

  private GuestTrap trap(byte[] wasm, String function, long... args) {
    var guest = engine.engine.compile(wasm).instantiate(engine.config());
    var trap = TestEngine.trap(guest, Duration.ofSeconds(2), function, args);
    assertThat(trap).isNotNull();
    return trap;
  }

  private static List<String> lines(GuestTrap trap) {
    return trap.backtrace().stream().map(frame -> String.valueOf(frame.source())).toList();
  }

  /** A marked place in a source, in the form that traps use. */
  private static String mark(String file, String mark) throws IOException {
    return mark(file, file, mark);
  }

  private static String mark(String file, String recorded, String mark) throws IOException {
    List<String> lines = Files.readAllLines(RESOURCES.resolve(file));
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).endsWith("// mark: " + mark)) {
        return recorded + ":" + (i + 1);
      }
    }
    throw new IllegalArgumentException(file + " has no mark " + mark);
  }

  @ParameterizedTest
  @ValueSource(strings = {"c-dwarf2", "c-dwarf3", "c-dwarf4", "c-dwarf5"})
  void a_trap_names_the_line_of_each_function_that_was_running(String module) throws IOException {
    var trap = trap(wasm(module), "divide", 3);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Division("integer divide by zero"));
    assertThat(trap.backtrace()).extracting(GuestFrame::name).containsExactly("divide", "outer");
    assertThat(lines(trap))
        .containsExactly(mark("guest.c", "divide"), mark("guest.c", "call of divide"));
    assertThat(trap)
        .hasMessage(
            "integer divide by zero (in divide (%s) < outer (%s))",
            mark("guest.c", "divide"), mark("guest.c", "call of divide"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"c-dwarf2", "c-dwarf3", "c-dwarf4", "c-dwarf5"})
  void an_inlined_functions_line_may_be_in_another_file(String module) throws IOException {
    var trap = trap(wasm(module), "header", 4);

    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly("abort", "in_header", "from_header");
    assertThat(lines(trap).subList(1, 3))
        .containsExactly(
            mark("guest.h", "./guest.h", "abort"), mark("guest.c", "call of in_header"));
  }

  @Test
  void an_out_of_bounds_trap_has_a_line() throws IOException {
    assertThat(lines(trap(wasm("c-dwarf5"), "load", 0xFFFF_FFFFL)))
        .containsExactly(mark("guest.c", "load"));
  }

  @Test
  void an_indirect_call_trap_has_a_line() throws IOException {
    assertThat(lines(trap(wasm("c-dwarf5"), "pointer", 0)))
        .containsExactly(mark("guest.c", "divide"), mark("guest.c", "call through a pointer"));
  }

  @Test
  void a_deadline_trap_has_the_line_of_the_loop() throws IOException {
    var trap = trap(wasm("c-dwarf5"), "spin");

    assertThat(trap.trapCause()).isInstanceOf(TrapCause.Deadline.class);
    assertThat(lines(trap)).containsExactly(mark("guest.c", "spin"));
  }

  @Test
  void cpp_names_are_readable() throws IOException {
    var trap = trap(wasm("cpp"), "total", 4);

    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly(
            "shop::Basket<int, 3>::operator[](unsigned int) const",
            "int shop::total<shop::Basket<int, 3> >(shop::Basket<int, 3> const&, unsigned int)",
            "total");
    assertThat(lines(trap))
        .containsExactly(
            mark("guest.cpp", "operator"),
            mark("guest.cpp", "call of operator"),
            mark("guest.cpp", "call of total"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"rust-legacy", "rust-v0"})
  void rust_names_are_demangled(String module) throws IOException {
    var trap = trap(wasm(module), "total", 4);

    boolean legacy = module.endsWith("legacy");
    assertThat(trap.backtrace())
        .extracting(GuestFrame::name)
        .containsExactly(
            "core::panicking::panic_fmt",
            "core::panicking::panic_bounds_check",
            "<guest::shop::Basket<u32> as guest::shop::Priced>::price",
            legacy ? "guest::shop::total" : "guest::shop::total::<guest::shop::Basket<u32>>",
            "total");
    assertThat(lines(trap).subList(2, 5))
        .containsExactly(
            mark("guest.rs", "index"),
            mark("guest.rs", "closure"),
            mark("guest.rs", "call of total"));
  }

  @Test
  void a_code_offset_is_the_instructions_offset_in_the_file() throws IOException {
    byte[] wasm = wasm("c-dwarf4");

    for (GuestFrame frame : trap(wasm, "divide", 3).backtrace()) {
      int opcode = wasm[frame.codeOffset()] & 0xFF;
      assertThat(opcode).isEqualTo(frame.name().equals("divide") ? 0x6D : 0x10);
    }
  }

  @Test
  void a_trap_without_debug_information_has_offsets() {
    var guest = engine.instance("engine-basics");

    var trap = TestEngine.trap(guest, "unreachable");

    var frame = trap.backtrace().getFirst();
    assertThat(frame.source()).isNull();
    assertThat(frame.codeOffset()).isPositive();
    assertThat(frame).hasToString("unreachable @0x" + Integer.toHexString(frame.codeOffset()));
  }

  @Test
  void offsets_stay_exact_after_the_jit_compiled_the_guest() throws IOException {
    var module = engine.engine.compile(wasm("c-dwarf5"));
    String before = TestEngine.trap(module.instantiate(engine.config()), "divide", 3).getMessage();

    var guest = module.instantiate(engine.config());
    for (int i = 0; i < 200_000; i++) {
      TestEngine.call(guest, "load", 0);
      TestEngine.call(guest, "header", 1);
    }
    for (int i = 0; i < 2_000; i++) {
      var trap = TestEngine.trap(module.instantiate(engine.config()), "divide", 3);
      assertThat(trap).hasMessage(before);
    }
    assertThat(TestEngine.trap(guest, "header", 5).getMessage())
        .contains(mark("guest.h", "./guest.h", "abort"), mark("guest.c", "call of in_header"));
  }

  @Test
  void classes_from_the_cache_have_lines(@TempDir Path directory) throws IOException {
    byte[] wasm = wasm("c-dwarf5");
    var cache = CompileCache.open(directory, new byte[32], 1L << 30);
    for (int start = 0; start < 2; start++) {
      try (var restarted = Engine.withCache(EngineLimits.defaults(), cache)) {
        var guest = restarted.compile(wasm).instantiate(engine.config());

        assertThat(lines(TestEngine.trap(guest, "divide", 3)))
            .containsExactly(mark("guest.c", "divide"), mark("guest.c", "call of divide"));
      }
    }
    assertThat(cache.statistics().hits()).isEqualTo(1);
  }

  @Test
  void malformed_debug_information_gives_the_same_trap_without_lines() throws IOException {
    byte[] wasm = wasm("c-dwarf4");
    int lines = indexOf(wasm, ".debug_line") + ".debug_line".length();
    Arrays.fill(wasm, lines, lines + 200, (byte) 0xFF);
    int firstName = indexOf(wasm, "__wasm_call_ctors");
    Arrays.fill(wasm, firstName, firstName + 40, (byte) 0x80);

    var trap = trap(wasm, "divide", 3);

    assertThat(trap.trapCause()).isEqualTo(new TrapCause.Division("integer divide by zero"));
    assertThat(lines(trap)).containsExactly("null", "null");
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }
}
