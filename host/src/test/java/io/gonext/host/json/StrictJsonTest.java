package io.gonext.host.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class StrictJsonTest {
  @ParameterizedTest
  @CsvSource({
    "-0.0, -0.0",
    "-0, -0.0",
    "-0e5, -0.0",
    "-0.00, -0.0",
    "0, 0",
    "0.0, 0.0",
    "1e400, 1E+400",
    "-1e-400, -1E-400",
    "1e999999999, 1E+999999999",
    "0.1000, 0.1000",
    "9007199254740993, 9007199254740993",
    "18446744073709551616, 18446744073709551616",
    "1.7976931348623157e308, 1.7976931348623157E+308",
    "5e-324, 5E-324",
    "100.0, 100.0"
  })
  void a_number_keeps_its_value_and_a_zero_its_sign(String written, String passed)
      throws InvalidJsonException {
    for (String frame : List.of("%s", "[%s]", "{\"a\":%s}")) {
      assertThat(new String(StrictJson.write(parse(frame.formatted(written))), UTF_8))
          .isEqualTo(frame.formatted(passed));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"a\":[1 | it ends in the middle of a value (line 1, column 8)",
        "1e | it ends in the middle of a value (line 1, column 3)",
        "// x | a comment, which JSON does not have (line 1, column 1)",
        "# x | a comment, which JSON does not have (line 1, column 1)",
        "NaN | Non-standard token 'NaN' is not valid in JSON (line 1, column 4)",
        "[1,] | Unexpected character (']'): expected a value (line 1, column 4)",
        "hello | Unrecognized token 'hello': was expecting (JSON String, Number, Array, Object or"
            + " token 'null', 'true' or 'false') (line 1, column 1)"
      })
  void what_is_not_json_is_told_without_words_of_the_library(String written, String told) {
    assertThatThrownBy(() -> parse(written))
        .isInstanceOf(InvalidJsonException.class)
        .hasMessage(told);
  }

  @Test
  void a_reader_limit_is_reported_without_the_name_of_its_option() {
    assertThatThrownBy(() -> parse("1".repeat(300)))
        .hasMessage("Number value length (300) exceeds the maximum allowed (256)");
    assertThatThrownBy(() -> parse("\"\t\""))
        .hasMessageStartingWith("Illegal unquoted character with code 9: has to be escaped");
  }

  @Test
  void numbers_keep_their_exact_value() throws InvalidJsonException {
    String text = "[0.1000,1e400,123456789012345678901234567890]";
    assertThat(new String(StrictJson.write(parse(text)), StandardCharsets.UTF_8))
        .isEqualTo("[0.1000,1E+400,123456789012345678901234567890]");
  }

  @Test
  void json_that_was_read_can_be_written_and_read_again() throws InvalidJsonException {
    int most = StrictJson.MAX_DECIMAL_DIGITS;
    List<String> longest =
        List.of(
            "-" + "7".repeat(most) + "e-2147483000",
            "-0.0000001" + "7".repeat(most - 1),
            "-0." + "0".repeat(252) + "1",
            "-" + "7".repeat(StrictJson.MAX_NUMBER_LENGTH - 1));
    for (String number : longest) {
      byte[] written = StrictJson.write(parse(number));
      assertThat(StrictJson.write(StrictJson.parse(written))).isEqualTo(written);
    }
    assertThatThrownBy(() -> parse("[" + "7".repeat(most + 1) + "e1]"))
        .isInstanceOf(InvalidJsonException.class)
        .hasMessageContaining("more than 240 digits");
  }

  @Test
  void a_value_without_a_json_form_is_refused() {
    BigDecimal tooLong = new BigDecimal("0." + "7".repeat(StrictJson.MAX_DECIMAL_DIGITS + 1));
    assertThatThrownBy(() -> StrictJson.valueOf(tooLong))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("more than 240 digits");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{",
        "{\"a\":1,\"a\":2}",
        "{\"a\":{\"b\":1,\"b\":1}}",
        "1 2",
        "{} {}",
        "[1,]",
        "{'a':1}",
        "NaN",
        "+1",
        "01",
        "// comment\n1",
        "\"\\x\"",
        "\"unfinished"
      })
  void text_that_is_not_one_json_value_is_refused(String text) {
    assertThatThrownBy(() -> parse(text)).isInstanceOf(InvalidJsonException.class);
  }

  @Test
  void bytes_that_are_not_utf_8_are_refused() {
    byte[][] invalid = {
      {'"', (byte) 0xff, '"'},
      {'"', (byte) 0xc0, (byte) 0x80, '"'}, // overlong NUL
      {'"', (byte) 0xed, (byte) 0xa0, (byte) 0x80, '"'}, // a lone surrogate
      {0, '1', 0, '2'}, // UTF-16, which Jackson would take
    };
    for (byte[] bytes : invalid) {
      assertThatThrownBy(() -> StrictJson.parse(bytes)).isInstanceOf(InvalidJsonException.class);
    }
  }

  @Test
  void nesting_is_bounded_at_its_documented_depth() throws InvalidJsonException {
    int depth = StrictJson.MAX_DEPTH;
    assertThat(parse("[".repeat(depth) + "]".repeat(depth)).isArray()).isTrue();
    assertThatThrownBy(() -> parse("[".repeat(depth + 1) + "]".repeat(depth + 1)))
        .isInstanceOf(InvalidJsonException.class);
    assertThatThrownBy(() -> parse("[".repeat(100_000))).isInstanceOf(InvalidJsonException.class);
  }

  @Test
  void a_mebibyte_of_digits_is_refused_unparsed() {
    assertThatThrownBy(() -> parse("9".repeat(1 << 20))).isInstanceOf(InvalidJsonException.class);
  }

  /** Found by fuzzing: the JSON library throws something else of its own then. */
  @Test
  void an_exponent_of_too_many_digits_is_refused() {
    for (String text : new String[] {"1e1678901234567890", "[-2.5e-99999999999]"}) {
      assertThatThrownBy(() -> parse(text)).isInstanceOf(InvalidJsonException.class);
    }
  }

  @Test
  void the_message_says_where_it_went_wrong() {
    assertThatThrownBy(() -> parse("{\n  \"a\": ?\n}")).hasMessageContaining("line 2");
  }

  private static JsonNode parse(String text) throws InvalidJsonException {
    return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void values_are_written_as_the_library_writes_them() throws InvalidJsonException {
    JsonMapper library = JsonMapper.shared();
    for (Object value : values()) {
      JsonNode node = StrictJson.valueOf(value);
      byte[] written = StrictJson.write(node);
      assertThat(written).asString().isEqualTo(library.writeValueAsString(node));
      assertThat(StrictJson.write(node, written.length)).isEqualTo(written);
      assertThat(StrictJson.write(node, written.length - 1)).isNull();
      assertThat(StrictJson.write(StrictJson.parse(written))).isEqualTo(written);
    }
  }

  @Test
  void java_values_become_the_trees_that_the_library_makes() {
    JsonMapper library = JsonMapper.shared();
    for (Object value : values()) {
      assertThat(StrictJson.valueOf(value)).isEqualTo(library.valueToTree(value));
    }
  }

  private static List<Object> values() {
    List<Object> values =
        new ArrayList<>(
            List.of(
                "",
                "a b",
                "~ !",
                "\"",
                "\\",
                "/",
                "\u0000",
                "\u001f",
                "\u007f",
                "é",
                "😀",
                "a\nb",
                "x".repeat(1000),
                0,
                -1,
                Integer.MIN_VALUE,
                Long.MIN_VALUE,
                Long.MAX_VALUE,
                true,
                false,
                1.5,
                new BigInteger("123456789012345678901234567890"),
                'c',
                (short) 7,
                new byte[0],
                "bytes".getBytes(StandardCharsets.UTF_8),
                Optional.of("inside"),
                new Point(1, "two"),
                Map.of(1, "a key that is not a text"),
                Map.of(TimeUnit.DAYS, 1)));
    List<Object> nested = new ArrayList<>();
    nested.add(List.of());
    nested.add(Map.of());
    nested.add(Arrays.asList(1, null, "a", Map.of()));
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("first", null);
    object.put("a \"key\" with quotes", 2L);
    object.put("", Set.of(3));
    nested.add(object);
    nested.add(new TreeMap<>(Map.of("b", values, "a", new Point(3, "four"))));
    nested.addAll(values);
    Object deep = 1;
    for (int depth = 0; depth < StrictJson.MAX_DEPTH; depth++) {
      deep = depth % 2 == 0 ? List.of(deep) : Map.of("in", deep);
    }
    nested.add(deep);
    return nested;
  }

  record Point(int x, String name) {}

  @ParameterizedTest
  @CsvSource({
    "200, 200",
    "200.0, 200",
    "2e2, 200",
    "2000e-1, 200",
    "-1.50e1, -15",
    "-0.0, 0",
    "0e999999999, 0",
    "0e-999999999, 0",
    "9223372036854775807, 9223372036854775807",
    "-9223372036854775808.000, -9223372036854775808",
    "9.223372036854775807e18, 9223372036854775807",
  })
  void an_integer_is_one_however_it_is_written(String json, long value)
      throws InvalidJsonException {
    assertThat(StrictJson.integer(parse(json))).hasValue(value);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "1.5",
        "1e-1",
        "1e-999999999",
        "1e2147483647",
        "1e-2147483647",
        "1e999999999",
        "9.3e18",
        "9223372036854775808",
        "-9223372036854775809",
        "\"200\"",
        "true",
        "null",
        "[1]"
      })
  void what_is_not_an_integer_of_64_bits_is_none(String json) throws InvalidJsonException {
    assertThat(StrictJson.integer(parse(json))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {257, 300_000})
  void a_limit_is_told_in_words_and_not_by_a_setting_of_the_library(int digits) {
    assertThatThrownBy(() -> parse("{\"a\":" + "9".repeat(digits) + "}"))
        .isInstanceOf(InvalidJsonException.class)
        .hasMessageContaining("exceeds the maximum allowed (256)");
    assertThatThrownBy(() -> parse("[".repeat(digits)))
        .isInstanceOf(InvalidJsonException.class)
        .hasMessageContaining("exceeds the maximum allowed (128)");
  }
}
