package io.gonext.host.failure;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OneLineTest {
  @Test
  void what_could_begin_another_line_or_move_the_cursor_is_escaped() {
    assertThat(OneLine.of("a\r\nb\tc\u001b[2J\u0000\u0085\u2028\u2029é"))
        .isEqualTo("a\\r\\nb\tc\\u001b[2J\\u0000\\u0085\\u2028\\u2029é");
  }

  @Test
  void a_long_text_is_cut_whatever_it_is_made_of() {
    assertThat(OneLine.of("x".repeat(10), 10)).isEqualTo("x".repeat(10));
    assertThat(OneLine.of("x".repeat(11), 10)).isEqualTo("x".repeat(10) + "...");
    assertThat(OneLine.of("\0".repeat(100_000))).hasSizeLessThan(OneLine.MAX_LENGTH + 10);
  }
}
