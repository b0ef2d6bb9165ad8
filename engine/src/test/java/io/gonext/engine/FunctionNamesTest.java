package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Name sections that no toolchain writes. {@link DebugInfoTest} tests those of toolchains. */
class FunctionNamesTest {
  private static FunctionNames names(int functions, WasmBytes section) {
    return FunctionNames.of(List.of(), Map.of(), section.toBytes(), functions);
  }

  /** An entry of the section. */
  private static WasmBytes entry(WasmBytes section, int index, String name) {
    return section.u32(index).name(name);
  }

  @Test
  void millions_of_empty_names_take_memory_only_for_existing_functions() {
    int entries = 1_900_000;
    var section = WasmBytes.part().u32(entries);
    for (int i = 0; i < entries; i++) {
      section.u32(i & 0x7F).bytes(0);
    }

    Budget.check(
        Duration.ofSeconds(2),
        (long) section.toBytes().length * 2 + (1 << 20),
        () -> assertThat(names(10, section).of(3)).isEqualTo("func[3]"));
  }

  @Test
  void names_of_functions_that_do_not_exist_are_left_out() {
    var section = WasmBytes.part().u32(3);
    entry(section, 0, "first");
    entry(section, 7, "nobody");
    entry(section, -1 >>> 1, "nobody");

    var names = names(2, section);

    assertThat(names.of(0)).isEqualTo("first");
    assertThat(names.of(7)).isEqualTo("func[7]");
    assertThat(names.of(-1)).isEqualTo("func[-1]");
    assertThat(names.of(Integer.MAX_VALUE)).isEqualTo("func[2147483647]");
  }

  @Test
  void the_first_of_two_names_counts() {
    var section = WasmBytes.part().u32(2);
    entry(section, 1, "first");
    entry(section, 1, "second");

    assertThat(names(2, section).of(1)).isEqualTo("first");
  }

  @Test
  void names_before_a_malformed_entry_are_kept() {
    var section = WasmBytes.part().u32(3);
    entry(section, 0, "first");
    section.u32(1).u32(1_000_000).bytes('x');

    var names = names(3, section);

    assertThat(names.of(0)).isEqualTo("first");
    assertThat(names.of(1)).isEqualTo("func[1]");
  }

  @Test
  void a_name_section_that_is_too_large_is_cut() {
    var section = WasmBytes.part().u32(3);
    entry(section, 0, "first");
    entry(section, 1, "x".repeat(FunctionNames.MOST_BYTES));
    entry(section, 2, "third");
    var names = WasmBytes.part().bytes(1).u32(section.toBytes().length).append(section).toBytes();
    byte[] module =
        WasmBytes.functions(3, WasmBytes.part().bytes(0))
            .section(0, WasmBytes.part().name("name").raw(names))
            .toBytes();

    var outline = Admission.admit(module, EngineLimits.defaults());

    assertThat(outline.functionNames()).hasSize(FunctionNames.MOST_BYTES);
    var read = FunctionNames.of(outline);
    assertThat(read.of(0)).isEqualTo("first");
    assertThat(read.of(1)).isEqualTo("func[1]");
    assertThat(read.of(2)).isEqualTo("func[2]");
  }

  @Test
  void a_long_name_is_cut_and_a_hostile_one_escaped() {
    var section = WasmBytes.part().u32(2);
    entry(section, 0, "x".repeat(1 << 20));
    entry(section, 1, "a\u001b[2J\u202eb");

    var names = names(2, section);

    assertThat(names.of(0)).hasSize(FunctionNames.MOST_CHARS + "...".length());
    assertThat(names.of(1)).isEqualTo("a\\u001b[2J\\u202eb");
  }
}
