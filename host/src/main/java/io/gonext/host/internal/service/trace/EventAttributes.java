package io.gonext.host.internal.service.trace;

import io.gonext.engine.PlainText;
import io.gonext.host.json.StrictJson;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The attributes of an event, from JSON: an object of texts, numbers and booleans. */
final class EventAttributes {
  static final int MAX_ATTRIBUTES = 32;
  private static final int MAX_KEY_LENGTH = 128;

  private EventAttributes() {}

  /** Why these are not attributes, in a sentence; null if they are. */
  static @Nullable String problem(JsonNode json) {
    if (!json.isObject()) {
      return "the attributes are not a JSON object";
    }
    if (json.size() > MAX_ATTRIBUTES) {
      return "an event has at most " + MAX_ATTRIBUTES + " attributes, not " + json.size();
    }
    for (Map.Entry<String, JsonNode> attribute : json.properties()) {
      String key = attribute.getKey();
      JsonNode value = attribute.getValue();
      if (key.isEmpty() || key.length() > MAX_KEY_LENGTH) {
        return "the name of an attribute has 1 to " + MAX_KEY_LENGTH + " characters";
      }
      if (!value.isString() && !value.isNumber() && !value.isBoolean()) {
        return "the attribute "
            + PlainText.of(key, MAX_KEY_LENGTH)
            + " is not a text, a number, true or false";
      }
    }
    List<String> far = StrictJson.numbersOutOfRange(json);
    return far.isEmpty() ? null : far.getFirst() + " is not in the range of a double";
  }

  /** An integer beyond a long becomes a double. */
  static Attributes of(JsonNode json) {
    AttributesBuilder attributes = Attributes.builder();
    for (Map.Entry<String, JsonNode> attribute : json.properties()) {
      String key = attribute.getKey();
      JsonNode value = attribute.getValue();
      if (value.isString()) {
        attributes.put(key, value.stringValue());
      } else if (value.isBoolean()) {
        attributes.put(key, value.booleanValue());
      } else {
        OptionalLong integer =
            value.isIntegralNumber() ? StrictJson.integer(value) : OptionalLong.empty();
        if (integer.isPresent()) {
          attributes.put(key, integer.getAsLong());
        } else {
          attributes.put(key, value.asDouble());
        }
      }
    }
    return attributes.build();
  }
}
