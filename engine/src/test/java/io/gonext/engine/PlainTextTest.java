package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlainTextTest {
  @Test
  void control_characters_and_line_ends_are_escaped() {
    assertThat(PlainText.of("a\r\nb\tc\u001b[2J\0\u007f\u0085\u009b\u2028\u2029\u00e9"))
        .isEqualTo("a\\r\\nb\tc\\u001b[2J\\u0000\\u007f\\u0085\\u009b\\u2028\\u2029\u00e9");
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        0x061C, 0x200B, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2066,
        0x2067, 0x2068, 0x2069, 0xFEFF, 0xFFF9, 0xD800, 0xDC00
      })
  void characters_that_reorder_or_hide_text_are_escaped(int c) {
    assertThat(PlainText.of("a" + (char) c + "b")).isEqualTo(String.format("a\\u%04xb", c));
  }

  @Test
  void invisible_tags_outside_the_bmp_are_escaped() {
    assertThat(PlainText.of("a" + Character.toString(0xE0041))).isEqualTo("a\\udb40\\udc41");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gr\u00f6\u00dfe::<\u03bb>",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\ud83d\udc69\u200d\ud83d\udcbb",
        "\u65e5\u672c\u8a9e",
        "\u05e9\u05dc\u05d5\u05dd",
        "a\tb \\n"
      })
  void text_in_any_script_stays_unchanged(String text) {
    assertThat(PlainText.of(text)).isSameAs(text);
  }

  @Test
  void text_that_is_too_long_ends_with_dots() {
    assertThat(PlainText.of("x".repeat(10), 10)).isEqualTo("x".repeat(10));
    assertThat(PlainText.of("x".repeat(11), 10)).isEqualTo("x".repeat(10) + "...");
    assertThat(PlainText.of("\0".repeat(100_000))).hasSizeLessThan(PlainText.MAX_LENGTH + 10);
  }

  @Test
  void a_cut_never_halves_a_surrogate_pair() {
    String text = "\ud83d\ude00".repeat(10);

    assertThat(PlainText.of(text, 5)).isEqualTo("\ud83d\ude00\ud83d\ude00...");
  }
}
