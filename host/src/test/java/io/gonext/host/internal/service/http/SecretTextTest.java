package io.gonext.host.internal.service.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SecretTextTest {
  @ParameterizedTest
  @CsvSource({
    "'a b', a%20b",
    "'a/../b?c=d&e#f', a%2F..%2Fb%3Fc%3Dd%26e%23f",
    "'~-._', ~-._",
    "'*+%', %2A%2B%25",
    "'é', %C3%A9",
  })
  void a_value_in_a_url_ends_no_part_of_it(String value, String encoded) {
    assertThat(new SecretText(value).inUrl()).isEqualTo(encoded);
  }

  @Test
  void a_line_break_in_a_url_is_encoded() {
    assertThat(new SecretText("a\r\nb").inUrl()).isEqualTo("a%0D%0Ab");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\r\nX: y", "a\nb", "a\0b", "\u20ac"})
  void a_value_that_a_header_cannot_carry_does_not_fit(String value) {
    assertThat(new SecretText(value).fitsHeader()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"p/q \"r\"", "p%2Fq%20%22r%22", "p%2fq+%22r%22", "p/q \\\"r\\\"", "cC9xICJyIg"})
  void a_url_with_a_form_of_the_value_is_found(String form) {
    assertThat(new SecretText("p/q \"r\"").isIn("https://a.example/?x=" + form + "&y")).isTrue();
    assertThat(new SecretText("another").isIn("https://a.example/?x=" + form)).isFalse();
  }

  @Test
  void each_occurrence_is_overwritten_and_nothing_else() {
    byte[] text = "abcab abab a".getBytes(StandardCharsets.UTF_8);
    SecretText.mask(text, "ab".getBytes(StandardCharsets.UTF_8));
    assertThat(new String(text, StandardCharsets.UTF_8)).isEqualTo("**c** **** a");
  }

  @Test
  void its_own_text_shows_nothing_of_the_value() {
    assertThat(new SecretText("geheim").toString()).doesNotContain("geheim");
  }
}
