package io.gonext.engine.names;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class DemanglerTest {
  /** Pairs of lines: a name from a compiler, and the output of LLVM's or GNU's demangler. */
  static List<String[]> vectors() throws IOException {
    List<String> lines =
        Files.readAllLines(Path.of("src/test/resources/mangled-names.txt")).stream()
            .filter(line -> !line.isEmpty() && !line.startsWith("#"))
            .toList();
    var pairs = new ArrayList<String[]>();
    for (int i = 0; i < lines.size(); i += 2) {
      pairs.add(new String[] {lines.get(i), lines.get(i + 1)});
    }
    return pairs;
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void mangled_names_become_the_names_in_the_source(String mangled, String source) {
    assertThat(Demangler.demangle(mangled)).isEqualTo(source);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "main",
        "_",
        "_Z",
        "_ZN",
        "_R",
        "_RNv",
        "runtime.gopanic",
        "_ZN3foo",
        "_ZN99999999999999999999fooE",
        "_ZN3foo17h0123456789abcdeE",
        "_ZS_",
        "_ZN1a1bET_",
        "_RC9",
        "_RNvCs_3foo99bar",
        "_RB_",
        "_RNvB0_3foo",
        "_RNvCu9-3foo",
        "_RMC1aFG_____z",
        // Two surrogates that combine into one character, and then a letter.
        "_RNvC1au14_9ca9321i1rcc7e",
        // A character that Rust encodes.
        "_RNvC1au5\ud835\udd4f_ca",
        // C++: the linker demangles these names.
        "_ZN4shop5totalINS_6BasketIiLi3EEEEEiRKT_j",
        "_Z3fooi3bar_Z",
      })
  void a_name_that_is_not_understood_stays_unchanged(String name) {
    assertThat(Demangler.demangle(name)).isEqualTo(name);
  }

  @Test
  @Timeout(10)
  void a_short_name_that_expands_without_end_stays_unchanged() {
    // Each tuple is twice as long as the previous one.
    var rust = new StringBuilder("_RIC1aTu");
    for (int i = 0; i < 40; i++) {
      rust.append("uE").insert(6, "T").append("B3_");
    }
    for (String name :
        List.of(
            rust.toString(),
            "_R" + "Y".repeat(10_000),
            "_RMC1a" + "S".repeat(10_000) + "u",
            "_RMC1aFG" + "z".repeat(5) + "_" + "E".repeat(100),
            "_RIC1aKj" + "f".repeat(10_000) + "_E",
            "_RNvCu" + 9_000 + "_" + "zzzzzzzzzz".repeat(900))) {
      assertThat(Demangler.demangle(name).length())
          .isLessThanOrEqualTo(Math.max(name.length(), Demangler.MOST_TEXT_CHARS));
    }
  }
}
