package io.gonext.host.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.gonext.host.BundleRejectedException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** Which schemas of a configuration the host accepts, and what it says of values. */
class ConfigSchemaTest {
  private static final String SCHEMA =
      """
      {
        "type": "object",
        "additionalProperties": false,
        "required": ["url"],
        "properties": {
          "url": {"type": "string", "pattern": "^https://", "description": "an https address"},
          "retries": {"type": "integer", "minimum": 0, "maximum": 9, "default": 3},
          "ratio": {"type": "number", "exclusiveMinimum": 0.1},
          "mode": {"enum": ["fast", "safe"], "default": "safe"},
          "token": {"type": "string", "minLength": 3, "writeOnly": true},
          "since": {"type": "string", "format": "date-time"},
          "mail": {"$ref": "#/$defs/mail"}
        },
        "$defs": {
          "mail": {
            "type": "object",
            "properties": {
              "from": {"type": "string", "default": "a@example.com"},
              "password": {"type": "string", "writeOnly": true}
            }
          }
        }
      }
      """;

  private final ConfigSchema schema = ConfigSchema.of(json(SCHEMA));

  @Test
  void the_schema_of_these_tests_is_accepted() {
    assertThat(ConfigSchemaCheck.problems(json(SCHEMA))).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type':'object','properties':{'a':{}}}                                   | /b",
        "{'type':'object','properties':{'a':{'properties':{'c':{}}}}}              | /a/x, /b",
        "{'type':'object','properties':{'a':{}},'additionalProperties':true}       | ''",
        "{'type':'object','properties':{'a':{}},'patternProperties':{'b':{}}}      | ''",
        "{'type':'object','properties':{'a':{}},'anyOf':[{'properties':{'b':{}}}]} | ''",
        "{'type':'object'}                                                         | ''",
      })
  void values_that_nothing_names_are_warnings(String schema, String pointers) {
    ObjectNode values = object("{\"a\":{\"x\":1},\"b\":2}");
    assertThat(
            ConfigSchema.of(json(schema.replace('\'', '"'))).warnings(values).stream()
                .map(warning -> warning.substring(0, warning.indexOf(':')))
                .collect(Collectors.joining(", ")))
        .isEqualTo(pointers);
  }

  @Test
  void valid_values_have_no_problems() {
    assertThat(
            schema.problems(
                object(
                    """
                    {"url":"https://x","retries":2e0,"ratio":0.25,"mode":"fast","token":"abc",
                     "since":"2026-01-01T00:00:00Z","mail":{"from":"b@example.com"}}
                    """)))
        .isEmpty();
  }

  @Test
  void all_problems_are_named_at_once_with_what_is_allowed() {
    assertThat(
            schema.problems(
                object(
                    """
                    {"url":"http://x","retries":10,"ratio":0.1,"mode":"fats","urls":1,"mail":[]}
                    """)))
        .containsExactlyInAnyOrder(
            "/url: found \"http://x\"; allowed: an https address",
            "/retries: found 10; allowed: at most 9",
            "/ratio: found 0.1; allowed: more than 0.1",
            "/mode: found \"fats\"; allowed: fast, safe",
            "/urls: there is no such property; allowed: url, retries, ratio, mode, token, since,"
                + " mail; did you mean url?",
            "/mail: found []; allowed: an object");
  }

  @Test
  void a_missing_property_is_named_with_its_type() {
    assertThat(schema.problems(object("{}")))
        .containsExactly("/url: it is missing; allowed: a text");
  }

  @Test
  void a_problem_does_not_repeat_a_write_only_value() {
    assertThat(schema.problems(object("{\"url\":\"https://x\",\"token\":\"ab\"}")))
        .containsExactly("/token: found a value that is not shown; allowed: at least 3 characters");
    assertThat(
            schema.problems(object("{\"url\":\"https://x\",\"mail\":{\"password\":[\"geheim\"]}}")))
        .containsExactly("/mail/password: found a value that is not shown; allowed: a text");
  }

  @Test
  void write_only_values_are_left_out_of_what_is_shown() {
    ObjectNode values =
        object("{\"url\":\"https://x\",\"token\":\"abc\",\"mail\":{\"password\":\"p\"}}");
    assertThat(schema.shown(values)).isEqualTo(object("{\"url\":\"https://x\",\"mail\":{}}"));
    assertThat(schema.hidden(values)).containsExactly("/mail/password", "/token");
  }

  @Test
  void defaults_fill_what_is_missing_in_objects_that_exist() {
    assertThat(schema.withDefaults(object("{\"retries\":1,\"mail\":{}}")))
        .isEqualTo(
            object("{\"retries\":1,\"mail\":{\"from\":\"a@example.com\"},\"mode\":\"safe\"}"));
  }

  @Test
  void a_configuration_of_more_than_64_kib_is_refused() {
    assertThat(schema.problems(object("{\"url\":\"https://" + "x".repeat(65_536) + "\"}")))
        .containsExactly("the configuration has more than 65536 bytes");
  }

  @Test
  void a_number_beyond_a_double_is_refused() {
    assertThat(schema.problems(object("{\"url\":\"https://x\",\"ratio\":1e999999999}")))
        .containsExactly("/ratio: the number is not in the range of a double");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{\"type\":\"array\"}; /type",
        "{}; /type",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"strin\"}}}; /properties/a/type",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"minimun\":1}}}; /properties/a/minimun",
        "{\"type\":\"object\",\"$ref\":\"https://example.com/s\"}; /$ref",
        "{\"type\":\"object\",\"$ref\":\"#/$defs/b\"}; /$ref",
        "{\"type\":\"object\",\"$id\":\"https://example.com/s\"}; /$id",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(?=a)\"}}};"
            + " /properties/a/pattern",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"pattern\":\"(a{99}){99}\"}}};"
            + " /properties/a/pattern",
        "{\"type\":\"object\",\"patternProperties\":{\"(\":{}}}; /patternProperties/(",
        "{\"type\":\"object\",\"minProperties\":1e999999999}; /minProperties",
        "{\"type\":\"object\",\"items\":{\"writeOnly\":true}}; /items/writeOnly",
        "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/a\"}},"
            + "\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/a\"}}}}; /$defs/a/items/$ref",
      })
  void a_schema_that_the_host_does_not_evaluate_is_refused(String text, String pointer) {
    assertThat(ConfigSchemaCheck.problems(json(text)))
        .extracting(ManifestProblem::pointer)
        .containsExactly(pointer);
  }

  @Test
  void references_that_multiply_are_refused() {
    StringBuilder text =
        new StringBuilder("{\"type\":\"object\",\"$ref\":\"#/$defs/d0\",\"$defs\":{");
    for (int i = 0; i < 40; i++) {
      String next = "{\"$ref\":\"#/$defs/d" + (i + 1) + "\"}";
      text.append("\"d%d\":{\"allOf\":[%s,%s]},".formatted(i, next, next));
    }
    text.append("\"d40\":{}}}");
    assertThat(ConfigSchemaCheck.problems(json(text.toString())))
        .extracting(ManifestProblem::found)
        .containsExactly("the schema has too many rules");
  }

  @Test
  void a_manifest_names_the_problems_of_its_schema() {
    assertThatThrownBy(() ->
            ManifestReader.read(
                """
                {"name":"abc","version":"1.0.0","entry":"a.wasm",
                 "config":{"schema":{"type":"objekt"}}}
                """
                    .getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(BundleRejectedException.class)
        .hasMessageContaining("/config/schema/type: found \"objekt\"");
  }

  private static JsonNode json(String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new AssertionError(e);
    }
  }

  private static ObjectNode object(String text) {
    return (ObjectNode) json(text);
  }
}
