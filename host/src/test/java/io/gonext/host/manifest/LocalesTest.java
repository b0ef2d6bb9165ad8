package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.node.JsonNodeFactory;

/** Which texts a bundle may have. */
class LocalesTest {
  @Test
  void texts_are_read_by_language() {
    Locales locales =
        Locales.read(
            Map.of(
                "locales/en.json", utf8("{\"a\":\"A\",\"b\":\"B\"}"),
                "locales/pt-BR.json", utf8("{\"a\":\"Á\"}"),
                "web/de.json", utf8("-")),
            Optional.empty());
    assertThat(locales.tags()).containsExactly("en", "pt-BR");
    assertThat(locales.messages("pt-BR")).containsExactly(Map.entry("a", "Á"));
    assertThat(locales.messages("de")).isEmpty();
    assertThat(locales.defaultTag()).hasValue("en");
  }

  @Test
  void without_english_and_another_default_there_is_no_default() {
    Locales locales = Locales.read(Map.of("locales/de.json", utf8("{}")), Optional.empty());
    assertThat(locales.defaultTag()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "locales/deutsch-.json, not named after a language tag",
    "locales/de_AT.json, not named after a language tag",
    "locales/.json, not named after a language tag",
    "locales/de/at.json, not named after a language tag",
    "locales/de.txt, not named after a language tag",
    "locales/de-at.json, a language tag in another form than de-AT: rename it",
    "locales/DE.json, a language tag in another form than de: rename it",
  })
  void a_file_is_named_after_a_canonical_language_tag(String name, String problem) {
    assertThat(problems(Map.of(name, utf8("{}")))).singleElement().asString().contains(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | not an object of texts by key",
        "{ | not valid JSON",
        "{\"a\":1} | a: not a text",
        "{\"a\":{\"b\":\"c\"}} | a: not a text; there are no keys inside keys",
        "{\"\":\"c\"} | a key has 1 to 256 bytes",
        "{\"{a\":\"c\"} | a key has 1 to 256 bytes, and does not begin with {",
        "{\"a\":\"1\",\"a\":\"2\"} | not valid JSON",
      })
  void a_file_is_an_object_of_texts(String json, String problem) {
    assertThat(problems(Map.of("locales/en.json", utf8(json))))
        .singleElement()
        .asString()
        .startsWith("locales/en.json: ")
        .contains(problem);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "Hello {name}",
        "it's {0}",
        "{n, number} {n, number, integer} {n,number,percent}",
        "{n, plural, offset:1 =0 {none} one {{who} and # other} other {{who} and # others}}",
        "{n, selectordinal, one {#st} other {#th}}",
        "{a, select, x {{n, plural, one {1} other {#}}} other {-}} {b, select, y {1} other {2}}",
        "a } b",
      })
  void a_message_of_icu_is_accepted(String message) {
    assertThat(MessageSyntax.problem(message)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | not an ICU message: ",
        "{n, plural, one {x}} | not an ICU message: ",
        "{n, plural, ones {x} other {y}} | plural has no form ones",
        "{a, select, b {{n, plural, few {x} lots {z} other {y}}} other {}} | no form lots",
        "{n, plural, other {{a, select, x {1} other {2}}} ones {x}} | no form ones",
        "{d, date} | the format date is not supported",
        "{d, time, short} | the format time is not supported",
        "{n, spellout} | the format spellout is not supported",
        "{n, number, currency} | a number has the style integer or percent, or none, not currency",
        "{n, number, ::scale/100} | a number has the style integer or percent",
        "{n, number, #.##} | a number has the style integer or percent",
        "{n, choice, 0#a} | choice is not supported",
      })
  void a_message_that_is_not_supported_is_refused(String message, String problem) {
    assertThat(MessageSyntax.problem(message)).contains(problem);
  }

  @Test
  void a_message_has_100_arguments_at_most() {
    assertThat(MessageSyntax.problem("{a}".repeat(100))).isNull();
    assertThat(MessageSyntax.problem("{a}".repeat(101)))
        .contains("at most 100 arguments in all branches, not 101");
    assertThat(MessageSyntax.problem("{n, plural, other {" + "#".repeat(100) + "}}"))
        .contains("not 101");
  }

  @Test
  void braces_are_32_deep_at_most() {
    assertThat(MessageSyntax.problem(nested(16))).isNull();
    assertThat(MessageSyntax.problem(nested(17))).contains("at most 32 braces");
  }

  @Test
  void a_message_has_16384_characters_at_most() {
    assertThat(MessageSyntax.problem("a".repeat(16 * 1024))).isNull();
    assertThat(MessageSyntax.problem("a".repeat(16 * 1024 + 1))).contains("16384 characters");
  }

  @Test
  void all_files_together_are_bounded() {
    String text = "a".repeat(16_000);
    var half = JsonNodeFactory.instance.objectNode();
    for (int i = 0; i < 32; i++) {
      half.put("k" + i, text);
    }
    byte[] content = utf8(half.toString());
    assertThat(problems(Map.of("locales/en.json", content, "locales/de.json", content))).isEmpty();
    assertThat(
            problems(
                Map.of(
                    "locales/en.json", content,
                    "locales/de.json", content,
                    "locales/fr.json", content)))
        .singleElement()
        .asString()
        .contains("3 files of", "allowed: 100 files, and 1048576 bytes together");
    Map<String, byte[]> many = new HashMap<>();
    for (int i = 0; i < 101; i++) {
      many.put("locales/en-x-a" + i + ".json", utf8("{}"));
    }
    assertThat(problems(many)).singleElement().asString().contains("101 files");
  }

  @Test
  void every_problem_is_reported() {
    assertThat(
            problems(
                Map.of(
                    "locales/de.json", utf8("{\"a\":1,\"b\":\"{\",\"c\":\"fine\"}"),
                    "locales/x.json", utf8("{}"))))
        .hasSize(3);
  }

  private static String nested(int deep) {
    return "{a, select, other {".repeat(deep) + "}}".repeat(deep);
  }

  private static List<String> problems(Map<String, byte[]> files) {
    return Locales.problems(files, Optional.empty());
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
