package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What npm's documentation and its own tests say of ranges; {@link NpmRangeTest} asks npm. */
class VersionRangeTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // Carets keep the leftmost number that is not zero.
        "^1.2.3;          1.2.3 1.8.1;             1.2.2 2.0.0 1.2.3-pre 2.0.0-alpha",
        "^1.2;            1.2.0 1.9.9 1.4.2;       1.1.9 2.0.0 2.0.0-rc.1 1.2.0-pre",
        "^0.1.2;          0.1.2 0.1.9;             0.2.0 0.1.1",
        "^0.2;            0.2.0 0.2.9;             0.3.0 0.1.0",
        "^0.0.3;          0.0.3;                   0.0.4 0.0.2 0.0.4-alpha",
        "^0.0;            0.0.0 0.0.9;             0.1.0 1.0.0",
        "^0;              0.0.0 0.9.9;             1.0.0",
        "^ 1;             1.0.0 1.9.9;             2.0.0",
        "^x;              0.0.0 1.2.3;             1.2.3-a",
        "^*;              0.0.1 1.2.3;             ''",
        "^1.x.2;          1.0.0 1.9.9;             2.0.0",
        "^1.2.3+build;    1.2.3 1.3.0;             1.2.0 2.0.0",
        // Tildes keep major and minor, where there is a minor.
        "~1.4;            1.4.0 1.4.9;             1.5.0 1.3.9",
        "~1;              1.0.0 1.9.0;             2.0.0 0.2.3",
        "~0.0.1;          0.0.1 0.0.2;             0.1.0 0.1.0-alpha",
        "~>3.2.1;         3.2.2;                   3.3.2 3.2.0",
        "~> 1;            1.2.3;                   2.2.3",
        "~ > 1;           1.2.3;                   2.2.3",
        "~ 1.0.3;         1.0.12;                  1.1.0",
        "~x;              0.0.9;                   ''",
        "~v0.5.4-beta;    0.5.4-beta 0.5.4 0.5.5;  0.5.4-alpha 0.6.0",
        // Comparisons, with white space and with parts left out.
        ">=1 <2;          1.0.0 1.9.9;             0.9.9 2.0.0 2.0.0-a",
        ">=1.0.0 <=1.5.0; 1.0.0 1.5.0;             1.5.1",
        "> 1.2.3;         1.2.4 9.0.0;             1.2.3",
        ">=   1.0.0;      1.0.0 1.1.0;             0.1.0",
        ">1;              2.0.0;                   1.9.9 1.0.0",
        ">1.2;            1.3.0;                   1.2.8 1.3.0-beta",
        "<1;              0.9.9;                   1.0.0 1.0.0-beta",
        "<1.2;            1.1.1;                   1.2.0",
        "<=2.0.0;         2.0.0 1.9999.9999;       2.2.9 3.0.0",
        "<=0.7.x;         0.7.2 0.6.2;             0.8.0",
        "<=7.x;           7.9.9;                   8.0.0",
        ">=0.7.x;         0.7.2 1.0.0;             0.6.2 0.7.0-asdf",
        "<0.7.x;          0.6.9;                   0.7.2",
        "=0.7.x;          0.7.0 0.7.2;             0.8.2 0.7.0-asdf",
        "=1.2.3;          1.2.3;                   1.2.2 1.2.3-beta",
        "1.2.3;           1.2.3 1.2.3+build;       1.2.4",
        "v1.2.3;          1.2.3;                   1.2.4",
        // Wildcards.
        "1.x;             1.0.0 1.9.9;             2.0.0",
        "2.x.x;           2.1.3;                   1.1.3 3.1.3",
        "1.2.*;           1.2.7;                   1.3.0",
        "2.3;             2.3.1;                   2.4.1",
        "*;               0.0.1 99.0.0;            1.2.3-foo",
        "x;               0.0.0 1.2.3;             ''",
        ">=*;             0.2.4;                   ''",
        "<x;              '';                      0.0.0 1.0.0 0.0.0-0",
        ">x;              '';                      0.0.0 1.0.0",
        "'';              0.0.0 1.0.0;             1.0.0-a",
        // From one to another.
        "1.2 - 1.4;       1.2.0 1.4.9;             1.1.9 1.5.0",
        "1.0.0 - 2.0.0;   1.2.3 2.0.0;             2.2.3",
        "1.2.3 - 3.4;     1.2.3 3.4.9;             3.5.0 1.2.2",
        "1.2 - *;         1.2.0 99.0.0;            1.1.9",
        "x - 1.x;         0.0.0 1.9.7;             2.0.0",
        "1.2.3-pre - 2.4.3-pre; 1.2.3-pre.2 2.4.3-alpha 1.2.3; 2.4.3 1.2.3-a",
        "1.2.3+asdf - 2.4.3+asdf; 1.2.3 2.4.3;     1.2.3-pre.2 2.4.3-alpha",
        // Alternatives.
        "^1 || ^3;        1.5.0 3.0.1;             2.0.0 4.0.0",
        "0.1.20 || 1.2.4; 1.2.4 0.1.20;            1.2.3",
        ">=0.2.3||<0.0.1; 0.0.0 0.2.4;             0.0.3 0.2.2",
        "^1 ||;           0.0.1 7.0.0;             ''",
        "||;              1.3.4;                   ''",
        "<x || ^1;        1.2.3;                   2.0.0",
        "* || ^1.0.0-a;   0.1.0 2.0.0;             1.0.0-a",
        // Several comparators hold together.
        "^9 >=0.0.1;      9.0.0;                   0.1.0 10.0.0",
        "^1.2 >1.3;       1.4.0;                   1.2.5",
        "~1.2.1 1.2.3;    1.2.3;                   1.2.1 1.2.4",
        "^ 1.2 ^ 1;       1.4.2;                   1.1.0",
        // Prereleases.
        "^1.2.3-beta.2;   1.2.3-beta.4 1.5.0;      1.2.3-beta.1 1.2.4-beta.2 2.0.0-beta.3",
        "^0.0.1-alpha;    0.0.1-beta 0.0.1;        0.0.2 0.0.1-a",
        ">1.0.0-a;        1.0.0-b 1.0.0 1.0.1;     1.0.0-a 1.0.1-b",
        ">=1.0.0-9;       1.0.0-10 1.0.0-a;        1.0.0-8",
      })
  void a_range_contains_what_npm_says(String text, String inside, String outside) {
    VersionRange range = VersionRange.parse(text);
    for (String version : versions(inside)) {
      assertThat(range.contains(Version.parse(version))).as("%s in %s", version, text).isTrue();
    }
    for (String version : versions(outside)) {
      assertThat(range.contains(Version.parse(version))).as("%s in %s", version, text).isFalse();
    }
  }

  private static String[] versions(String text) {
    return text.isEmpty() ? new String[0] : text.split(" ", -1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "banana",
        "latest",
        "^1 || foo",
        "^1.2 banana",
        ">=",
        ">>1",
        "^^1",
        "^ ^1",
        "> = 1",
        "==1.2.3",
        "1..2",
        "1.2.3.4",
        "^1.2,<3",
        "!1",
        "1.2 -",
        "- 1.2",
        "1 - 2 - 3",
        "1 -2",
        "^1 - 2",
        "^1\n^2;",
        "1.2.3-",
        "1.2-a",
        "1.2.3-a.01",
        "a.b.c",
        "x.2.3",
        "1.x.3",
        "1.02.3",
        ">01.02.03",
        "~1.2.3beta",
        "|1",
        "1 | 2"
      })
  void what_npm_refuses_is_refused(String text) {
    assertThatThrownBy(() -> VersionRange.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not a range");
  }

  @ParameterizedTest
  @CsvSource({
    "^99999999999999999999, 99999999999999999999.5.0, 100000000000000000000.0.0",
    ">9007199254740992, 9007199254740993.0.0, 9007199254740992.9.0",
    "~1.0.202611291530, 1.0.202611291531, 1.1.0",
    ">=1.0.0-20261129153000000001, 1.0.0-20261129153000000002, 1.0.0-20261129153000000000",
  })
  void numbers_may_have_any_number_of_digits(String text, String inside, String outside) {
    VersionRange range = VersionRange.parse(text);
    assertThat(range.contains(Version.parse(inside))).isTrue();
    assertThat(range.contains(Version.parse(outside))).isFalse();
  }

  @Test
  void a_long_text_that_almost_is_a_range_is_refused_at_once() {
    assertThat(VersionRange.isRange("1 ".repeat(60) + "!")).isFalse();
    assertThat(VersionRange.isRange("1 ".repeat(60).strip())).isTrue();
    assertThat(VersionRange.isRange("1 ".repeat(100_000).strip())).isFalse();
  }

  @Test
  void a_range_is_printed_as_written_without_extra_white_space() {
    assertThat(VersionRange.parse(" ^1\n\t ||  ^2 ")).hasToString("^1 || ^2");
  }
}
