package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.semver4j.Semver;

class VersionRangeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "^1.2;            1.2.0 1.9.9;          1.1.9 2.0.0 2.0.0-rc.1",
        "^0.2;            0.2.0 0.2.9;          0.3.0 0.1.0",
        "^0.0.3;          0.0.3;                0.0.4",
        "~1.4;            1.4.0 1.4.9;          1.5.0 1.3.9",
        "~1;              1.0.0 1.9.0;          2.0.0",
        ">=1 <2;          1.0.0 1.9.9;          0.9.9 2.0.0",
        ">=1.0.0 <=1.5.0; 1.0.0 1.5.0;          1.5.1",
        "> 1.2.3;         1.2.4 9.0.0;          1.2.3",
        "^1 || ^3;        1.5.0 3.0.1;          2.0.0 4.0.0",
        "1.2.3;           1.2.3;                1.2.4",
        "=1.2.3;          1.2.3;                1.2.2",
        "1.x;             1.0.0 1.9.9;          2.0.0",
        "1.2.*;           1.2.7;                1.3.0",
        "*;               0.0.1 99.0.0;         ''",
        "1.2 - 1.4;       1.2.0 1.4.9;          1.5.0",
        "^1.2.3-beta.2;   1.2.3-beta.4 1.5.0;   1.2.3-beta.1 1.2.4-beta.2",
        "^1.2 >1.3;       1.4.0;                1.2.5",
      })
  void a_range_contains_what_npm_says(String text, String inside, String outside) {
    VersionRange range = new VersionRange(text);
    for (String version : inside.split(" ", -1)) {
      assertThat(range.contains(new Semver(version))).as("%s in %s", version, text).isTrue();
    }
    for (String version : outside.isEmpty() ? new String[0] : outside.split(" ", -1)) {
      assertThat(range.contains(new Semver(version))).as("%s in %s", version, text).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "banana",
        "latest",
        "||",
        "^1 ||",
        "^1 || foo",
        "^1.2 banana",
        ">=",
        ">>1",
        "^^1",
        "1..2",
        "1.2.3.4",
        "^1.2,<3",
        "!1",
        "1.2 -",
        "- 1.2",
        "^1\n^2;",
        "1.2.3-",
        "a.b.c"
      })
  void what_is_no_range_is_refused_though_the_library_takes_it(String text) {
    assertThatThrownBy(() -> new VersionRange(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void a_long_text_that_almost_is_a_range_is_refused_at_once() {
    assertThat(VersionRange.isRange("1 ".repeat(60) + "!")).isFalse();
    assertThat(VersionRange.isRange("1 ".repeat(60).strip())).isTrue();
    assertThat(VersionRange.isRange("1 ".repeat(100_000).strip())).isFalse();
  }
}
