package io.gonext.cli.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.gonext.cli.build.SourceMap.Row;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.PackedModule;
import io.gonext.engine.SourceLocation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The lines of a source map, where the engine reads them. */
class SourceMapLinesTest {
  /** A function that answers 1, and {@code f}, which divides 1 by 0 at the offset 41. */
  private static final byte[] MODULE =
      HexFormat.ofDelimiter(" ")
          .parseHex(
              "00 61 73 6d 01 00 00 00 01 05 01 60 00 01 7f 03 03 02 00 00 07 05 01 01 66 00 01"
                  + " 0a 0e 02 04 00 41 01 0b 07 00 41 01 41 00 6d 0b");

  private static final String MAP =
      """
      {"version":3,"sourceRoot":"./plugin","sources":["assembly/a.ts","assembly/b.ts"],"names":["x"],
       "mappings":"gCAIE,KC+FF,E,EAFoBA"}
      """;

  @TempDir private Path directory;

  private static SourceMap map(String json) {
    return SourceMap.parse(json.getBytes(StandardCharsets.UTF_8));
  }

  private static SourceMap mappings(String text) {
    return map("{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"" + text + "\"}");
  }

  private static byte[] withAddressOfMap() {
    byte[] name = "sourceMappingURL".getBytes(StandardCharsets.US_ASCII);
    byte[] module = Arrays.copyOf(MODULE, MODULE.length + 3 + name.length + 2);
    int at = MODULE.length;
    module[at + 1] = (byte) (1 + name.length + 2);
    module[at + 2] = (byte) name.length;
    System.arraycopy(name, 0, module, at + 3, name.length);
    module[module.length - 2] = 1;
    module[module.length - 1] = 'm';
    return module;
  }

  @Test
  void rows_are_the_differences_of_the_mappings() {
    assertThat(map(MAP).rows())
        .containsExactly(
            new Row(32, 0, 5, 3),
            new Row(37, 1, 100, 1),
            new Row(39, SourceMap.NO_SOURCE, 0, 0),
            new Row(41, 1, 98, 21));
  }

  @Test
  void a_trap_names_the_line_and_the_column_of_the_map() {
    byte[] module = SourceMapLines.into(withAddressOfMap(), map(MAP));
    try (var engine = new Engine(EngineLimits.defaults());
        GuestInstance guest = engine.compile(module).instantiate(InstanceConfig.defaults())) {
      GuestTrap trap =
          catchThrowableOfType(
              GuestTrap.class,
              () -> guest.run(Duration.ofSeconds(20), call -> call.call(guest.function("f"))));
      assertThat(trap.backtrace())
          .extracting(GuestFrame::codeOffset, GuestFrame::source)
          .containsExactly(tuple(41, new SourceLocation("assembly/b.ts", 98, 21)));
    }
  }

  @Test
  void a_bundle_has_the_same_bytes_as_without_a_map() {
    byte[] module = SourceMapLines.into(withAddressOfMap(), map(MAP));
    assertThat(module).isNotEqualTo(MODULE);
    assertThat(PackedModule.of(module)).isEqualTo(MODULE);
  }

  @Test
  void lines_that_are_there_stay() {
    byte[] module = SourceMapLines.into(MODULE, map(MAP));
    assertThat(SourceMapLines.into(module, mappings("gCAAA"))).isSameAs(module);
  }

  @Test
  void a_module_that_is_cut_off_stays_as_it_is() {
    for (int length = 0; length < MODULE.length; length++) {
      byte[] cut = Arrays.copyOf(MODULE, length);
      assertThat(SourceMapLines.into(cut, map(MAP))).as("%d bytes", length).isSameAs(cut);
    }
  }

  @Test
  void a_map_beside_the_module_is_taken_and_another_file_is_not() throws Exception {
    Path made = Files.write(directory.resolve("a.wasm"), MODULE);
    Path map = directory.resolve("a.wasm.map");
    Files.writeString(map, "0x1 symbol\n");
    assertThat(Project.of(directory).takeModule(made)).isEqualTo(MODULE);

    Files.writeString(map, MAP);
    byte[] taken = Project.of(directory).takeModule(made);
    assertThat(taken).isEqualTo(SourceMapLines.into(MODULE, map(MAP))).isNotEqualTo(MODULE);
    assertThat(made).hasBinaryContent(taken);
  }

  @ParameterizedTest
  @ValueSource(strings = {"gCAAA;A", "gCCAA", "gCADA", "gCA", "g", "!", "gggggggggggA", "gCAAAAA"})
  void mappings_that_are_not_right_are_refused(String mappings) {
    assertThatThrownBy(() -> mappings(mappings)).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "{}", "{\"version\":2,\"mappings\":\"\"}", "{\"version\":3}"})
  void what_is_not_a_map_is_refused(String json) {
    assertThatThrownBy(() -> map(json)).isInstanceOf(IllegalArgumentException.class);
  }
}
