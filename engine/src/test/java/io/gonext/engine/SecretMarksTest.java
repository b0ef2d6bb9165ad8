package io.gonext.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A secret is in nothing that was marked out, and every length stays. */
class SecretMarksTest {
  private final SecretMarks marks = new SecretMarks();

  @BeforeEach
  void add() {
    marks.add("hunter22".getBytes(StandardCharsets.UTF_8));
    marks.add("two\nlines".getBytes(StandardCharsets.UTF_8));
    marks.add(new byte[] {(byte) 0xC0, 1, 2});
    marks.add(new byte[0]);
  }

  @Test
  void bytes_are_marked_out_in_utf_8_and_utf_16() {
    byte[] text = "a hunter22 hunter2".getBytes(StandardCharsets.UTF_8);
    assertThat(marks.markedOut(text)).asString().isEqualTo("a ******** hunter2");
    byte[] wide = "a hunter22".getBytes(StandardCharsets.UTF_16LE);
    assertThat(new String(marks.markedOut(wide), StandardCharsets.UTF_16LE))
        .isEqualTo("a ********");
    assertThat(marks.markedOut(new byte[] {5, (byte) 0xC0, 1, 2}))
        .containsExactly(5, '*', '*', '*');
  }

  @Test
  void a_text_is_marked_out_also_when_it_was_made_plain() {
    assertThat(marks.markedOut("x two\nlines")).isEqualTo("x *********");
    assertThat(marks.markedOut("x " + PlainText.of("two\nlines"))).isEqualTo("x **********");
  }

  @Test
  void the_beginning_of_a_secret_before_a_cut_is_marked_out() {
    assertThat(marks.markedOut("the key is hunte...")).isEqualTo("the key is *****...");
    assertThat(marks.markedOut("the key is hun...")).isEqualTo("the key is hun...");
  }
}
