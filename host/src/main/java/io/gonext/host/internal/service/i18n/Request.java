package io.gonext.host.internal.service.i18n;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import tools.jackson.databind.JsonNode;

/**
 * A text that a guest asks for: a key alone, or {@code {"key","args":{}}}.
 *
 * @param arguments texts, longs and doubles by name
 */
record Request(String key, Map<String, Object> arguments) {
  /**
   * Reads a request.
   *
   * @throws InvalidJsonException when it begins as JSON and is not
   * @throws IllegalArgumentException with a sentence, when it is JSON of another form
   */
  static Request read(String text) throws InvalidJsonException {
    if (!text.startsWith("{")) {
      return new Request(text, Map.of());
    }
    JsonNode json = StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    JsonNode key = json.get("key");
    JsonNode given = json.get("args");
    int known = (key == null ? 0 : 1) + (given == null ? 0 : 1);
    if (key == null || !key.isString() || json.size() > known) {
      throw new IllegalArgumentException("the key is JSON, but not {\"key\",\"args\":{}}");
    }
    if (given != null && !given.isObject()) {
      throw new IllegalArgumentException("args is not an object of texts, numbers and booleans");
    }
    Map<String, Object> arguments = new HashMap<>();
    if (given != null) {
      if (!StrictJson.numbersOutOfRange(given).isEmpty()) {
        throw new IllegalArgumentException("a number in args is not in the range of a double");
      }
      for (Map.Entry<String, JsonNode> argument : given.properties()) {
        arguments.put(argument.getKey(), value(argument.getValue()));
      }
    }
    return new Request(key.stringValue(), arguments);
  }

  private static Object value(JsonNode value) {
    if (value.isString()) {
      return value.stringValue();
    }
    if (value.isBoolean()) {
      // For select.
      return value.toString();
    }
    if (!value.isNumber()) {
      throw new IllegalArgumentException("args is not an object of texts, numbers and booleans");
    }
    OptionalLong integer = StrictJson.integer(value);
    return integer.isPresent() ? (Object) integer.getAsLong() : (Object) value.asDouble();
  }
}
