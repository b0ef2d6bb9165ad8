package io.gonext.dashboard;

import io.gonext.engine.PlainText;
import io.gonext.host.PluginConfig;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One property of a configuration as a field of a form. An empty field has no value: the plugin
 * reads the default then.
 *
 * @param name of the property
 * @param input the name of the field
 * @param kind how it is entered
 * @param value as text; empty for none, and for one that is write-only
 * @param standard the default; empty for none
 * @param choices of a {@link Kind#CHOICE}, as JSON
 * @param hidden whether it is write-only and has a value
 */
record ConfigField(
    String name,
    String input,
    String title,
    String description,
    Kind kind,
    boolean required,
    String value,
    String standard,
    List<String> choices,
    boolean hidden) {
  /** How a value is entered. */
  enum Kind {
    TEXT,
    NUMBER,
    /** True, false or nothing. */
    CHOICE,
    SECRET,
    JSON
  }

  /** Properties that a form shows; the values as JSON have the others, too. */
  private static final int MAX_FIELDS = 100;

  private static final int MAX_CHOICES = 100;
  private static final int MAX_TITLE = 100;
  private static final int MAX_DESCRIPTION = 600;

  /** Before the name of a property, so that no property is called {@code csrf}. */
  private static final String PREFIX = "value.";

  /** Before the name of a property whose hidden value is to be removed. */
  private static final String REMOVE = "remove.";

  /**
   * The fields of a configuration.
   *
   * @param sent what a refused form held, by the name of the field
   */
  static List<ConfigField> of(PluginConfig config, Map<String, List<String>> sent) {
    List<ConfigField> fields = new ArrayList<>();
    JsonNode required = config.schema().path("required");
    for (Map.Entry<String, JsonNode> property : config.schema().path("properties").properties()) {
      if (fields.size() == MAX_FIELDS) {
        break;
      }
      String name = property.getKey();
      JsonNode schema = property.getValue();
      Kind kind = kind(schema);
      List<String> before = sent.getOrDefault(PREFIX + name, List.of());
      fields.add(
          new ConfigField(
              name,
              PREFIX + name,
              PlainText.of(schema.path("title").asString(name), MAX_TITLE),
              PlainText.of(schema.path("description").asString(""), MAX_DESCRIPTION),
              kind,
              required.valueStream().anyMatch(each -> each.asString("").equals(name)),
              before.isEmpty() ? text(kind, config.values().path(name)) : before.getFirst(),
              schema.has("default") ? text(kind, schema.path("default")) : "",
              choices(schema),
              config.hidden().contains("/" + name.replace("~", "~0").replace("/", "~1"))));
    }
    return fields;
  }

  /** The name of the box that removes a hidden value. */
  String removal() {
    return REMOVE + name;
  }

  private static Kind kind(JsonNode schema) {
    if (schema.path("writeOnly").asBoolean(false)) {
      return Kind.SECRET;
    }
    if (!choices(schema).isEmpty()) {
      return Kind.CHOICE;
    }
    return switch (schema.path("type").asString("")) {
      case "string" -> Kind.TEXT;
      case "integer", "number" -> Kind.NUMBER;
      default -> Kind.JSON;
    };
  }

  private static List<String> choices(JsonNode schema) {
    if (schema.path("type").asString("").equals("boolean")) {
      return List.of("true", "false");
    }
    JsonNode choices = schema.path("enum");
    return choices.size() > MAX_CHOICES
        ? List.of()
        : choices.valueStream().map(JsonNode::toString).toList();
  }

  /** A value as its field shows it. */
  private static String text(Kind kind, JsonNode value) {
    if (value.isMissingNode()) {
      return "";
    }
    return switch (kind) {
      case TEXT -> value.isString() ? value.asString("") : value.toString();
      case NUMBER, CHOICE -> value.toString();
      case SECRET -> "";
      case JSON -> value.toPrettyString();
    };
  }

  /**
   * Puts the value of a form into a configuration.
   *
   * @throws IllegalArgumentException when the text is not a value of this kind, with the reason
   */
  void read(Map<String, List<String>> form, ObjectNode values) {
    if (form.containsKey(removal())) {
      values.putNull(name);
      return;
    }
    List<String> sent = form.getOrDefault(input, List.of());
    if (sent.isEmpty()) {
      return;
    }
    // Browsers send the line ends of HTML.
    String text = sent.getFirst().replace("\r\n", "\n");
    if (text.isEmpty() && kind != Kind.SECRET) {
      values.remove(name);
    } else if (!text.isEmpty()) {
      switch (kind) {
        case TEXT, SECRET -> values.put(name, text);
        case NUMBER -> values.set(name, number(text));
        case CHOICE, JSON -> values.set(name, json(text));
      }
    }
  }

  private static JsonNode number(String text) {
    JsonNode value = json(text);
    if (!value.isNumber()) {
      throw new IllegalArgumentException("not a number");
    }
    return value;
  }

  private static JsonNode json(String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
    }
  }
}
