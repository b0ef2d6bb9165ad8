package io.gonext.spring;

import java.math.BigDecimal;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes JSON of a plugin's configuration as Spring binds it: lists arrive as maps with the keys 0,
 * 1 and so on, and what comes from the environment or a file of properties is text, also where the
 * plugin's schema wants a number.
 */
final class ConfigValues {
  private static final JsonMapper MAPPER = new JsonMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ConfigValues() {}

  /**
   * The values as an object.
   *
   * @param schema of the configuration
   */
  static ObjectNode of(Map<String, Object> values, JsonNode schema) {
    return object(values, schema);
  }

  /** Whether two configurations are the same; 1 and 1.0 are. */
  static boolean areSame(JsonNode one, JsonNode other) {
    return one.equals(
        (left, right) ->
            left.isNumber() && right.isNumber()
                ? left.decimalValue().compareTo(right.decimalValue())
                : left.equals(right) ? 0 : 1,
        other);
  }

  private static ObjectNode object(Map<?, ?> values, JsonNode schema) {
    ObjectNode object = NODES.objectNode();
    values.forEach((key, value) -> {
      String name = String.valueOf(key);
      object.set(name, node(value, schema.path("properties").path(name)));
    });
    return object;
  }

  private static JsonNode node(@Nullable Object value, JsonNode schema) {
    return switch (value) {
      case Map<?, ?> map when isList(map, schema) -> {
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < map.size(); i++) {
          array.add(node(map.get(Integer.toString(i)), schema.path("items")));
        }
        yield array;
      }
      case Map<?, ?> map -> object(map, schema);
      case Iterable<?> list -> {
        ArrayNode array = NODES.arrayNode();
        list.forEach(each -> array.add(node(each, schema.path("items"))));
        yield array;
      }
      case String text -> text(text, schema.path("type").asString(""));
      case null -> NODES.nullNode();
      default -> MAPPER.valueToTree(value);
    };
  }

  private static boolean isList(Map<?, ?> map, JsonNode schema) {
    if (map.isEmpty() || schema.path("type").asString("").equals("object")) {
      return false;
    }
    for (int i = 0; i < map.size(); i++) {
      if (!map.containsKey(Integer.toString(i))) {
        return false;
      }
    }
    return true;
  }

  /** What cannot be read as the schema wants it stays a text, and the schema's check says why. */
  private static JsonNode text(String text, String type) {
    try {
      return switch (type) {
        case "integer", "number" -> NODES.numberNode(new BigDecimal(text.strip()));
        case "boolean" -> {
          String flag = text.strip();
          yield flag.equals("true") || flag.equals("false")
              ? NODES.booleanNode(flag.equals("true"))
              : NODES.stringNode(text);
        }
        case "array" -> {
          ArrayNode array = NODES.arrayNode();
          if (!text.isBlank()) {
            for (String each : text.split(",", -1)) {
              array.add(each.strip());
            }
          }
          yield array;
        }
        default -> NODES.stringNode(text);
      };
    } catch (NumberFormatException e) {
      return NODES.stringNode(text);
    }
  }
}
