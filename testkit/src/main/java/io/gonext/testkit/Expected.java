package io.gonext.testkit;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.JsonPointers;
import io.gonext.host.json.StrictJson;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a JSON value is expected to be: equal to another one, except where that has a matcher in
 * place of a value. A matcher is an object with one field:
 *
 * <ul>
 *   <li>{@code {"$any": true}}: any value
 *   <li>{@code {"$regex": "^a"}}: a text in which the pattern is found
 *   <li>{@code {"$range": [1, 5]}}: a number from 1 to 5; null for an open end
 *   <li>{@code {"$partial": {"a": 1}}}: an object with at least these fields
 *   <li>{@code {"$includes": [1, 2]}}: an array with at least these elements, in this order
 *   <li>{@code {"$exact": {"$any": true}}}: this value itself, without matchers
 * </ul>
 *
 * <p>Immutable; the value must not be changed.
 */
public final class Expected {
  private static final Set<String> MATCHERS =
      new TreeSet<>(Set.of("$any", "$regex", "$range", "$partial", "$includes", "$exact"));

  /** A longer value is cut in a sentence about a difference. */
  private static final int SHOWN = 400;

  private final JsonNode pattern;

  private Expected(JsonNode pattern) {
    this.pattern = pattern;
  }

  /**
   * Reads an expectation.
   *
   * @throws IllegalArgumentException when a matcher in it is not valid, with its place
   */
  public static Expected of(JsonNode pattern) {
    check(pattern, "");
    return new Expected(pattern);
  }

  /**
   * Reads an expectation from JSON text.
   *
   * @throws IllegalArgumentException when it is not JSON, or a matcher in it is not valid
   */
  public static Expected of(String json) {
    return of(parsed(json));
  }

  static JsonNode parsed(String json) {
    try {
      return StrictJson.parse(json.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new IllegalArgumentException(
          json + " is not JSON (" + e.getMessage() + "): put a text in double quotes");
    }
  }

  /** The expectation as JSON. */
  public JsonNode json() {
    return pattern;
  }

  private static void check(JsonNode node, String pointer) {
    if (node instanceof ArrayNode array) {
      for (int i = 0; i < array.size(); i++) {
        check(array.get(i), JsonPointers.child(pointer, Integer.toString(i)));
      }
    } else if (node instanceof ObjectNode object) {
      String matcher = matcher(object);
      if (matcher == null) {
        for (Map.Entry<String, JsonNode> field : object.properties()) {
          check(field.getValue(), JsonPointers.child(pointer, field.getKey()));
        }
      } else {
        checkMatcher(matcher, object.get(matcher), JsonPointers.child(pointer, matcher));
      }
    }
  }

  private static void checkMatcher(String matcher, JsonNode value, String pointer) {
    switch (matcher) {
      case "$any" -> require(value.isBoolean() && value.booleanValue(), pointer, "true");
      case "$regex" -> {
        require(value.isString(), pointer, "a text");
        try {
          var _ = Pattern.compile(value.stringValue());
        } catch (PatternSyntaxException e) {
          throw new IllegalArgumentException(
              pointer + ": not a regular expression: " + e.getDescription());
        }
      }
      case "$range" ->
          require(
              value.isArray()
                  && value.size() == 2
                  && value.valueStream().allMatch(end -> end.isNumber() || end.isNull()),
              pointer,
              "two numbers, such as [1, 5] or [1, null]");
      case "$partial" -> {
        require(value.isObject(), pointer, "an object");
        value.forEachEntry((name, field) -> check(field, JsonPointers.child(pointer, name)));
      }
      case "$includes" -> {
        require(value.isArray(), pointer, "an array");
        check(value, pointer);
      }
      case "$exact" -> {}
      default ->
          throw new IllegalArgumentException(
              pointer + ": there is no such matcher; allowed: " + String.join(", ", MATCHERS));
    }
  }

  private static void require(boolean fits, String pointer, String allowed) {
    if (!fits) {
      throw new IllegalArgumentException(pointer + ": allowed: " + allowed);
    }
  }

  /** The name of the matcher that an object is; null if it is a value. */
  private static @Nullable String matcher(ObjectNode object) {
    if (object.size() != 1) {
      return null;
    }
    String name = object.propertyNames().iterator().next();
    return name.startsWith("$") ? name : null;
  }

  /** Whether a value is as expected. */
  public boolean matches(JsonNode got) {
    return differences(got).isEmpty();
  }

  /** How a value differs from what is expected: a sentence each, with a JSON pointer. */
  public List<String> differences(JsonNode got) {
    List<String> differences = new ArrayList<>();
    compare(pattern, got, "", differences);
    return differences;
  }

  private static void compare(JsonNode wanted, JsonNode got, String pointer, List<String> into) {
    if (wanted instanceof ObjectNode object && matcher(object) != null) {
      String name = matcher(object);
      compareMatcher(String.valueOf(name), object.get(name), got, pointer, into);
    } else if (wanted instanceof ObjectNode object && got instanceof ObjectNode other) {
      compareFields(object, other, pointer, into);
      for (String name : other.propertyNames()) {
        if (!object.has(name)) {
          into.add(at(JsonPointers.child(pointer, name), "nothing", shown(other.get(name))));
        }
      }
    } else if (wanted instanceof ArrayNode array && got instanceof ArrayNode other) {
      compareElements(array, other, pointer, into);
    } else if (!isEqual(wanted, got)) {
      into.add(at(pointer, shown(wanted), shown(got)));
    }
  }

  private static void compareFields(
      ObjectNode wanted, ObjectNode got, String pointer, List<String> into) {
    for (Map.Entry<String, JsonNode> field : wanted.properties()) {
      String place = JsonPointers.child(pointer, field.getKey());
      JsonNode value = got.get(field.getKey());
      if (value == null) {
        into.add(at(place, shown(field.getValue()), "nothing"));
      } else {
        compare(field.getValue(), value, place, into);
      }
    }
  }

  private static void compareElements(
      ArrayNode wanted, ArrayNode got, String pointer, List<String> into) {
    for (int i = 0; i < Math.max(wanted.size(), got.size()); i++) {
      String place = JsonPointers.child(pointer, Integer.toString(i));
      if (i >= got.size()) {
        into.add(at(place, shown(wanted.get(i)), "nothing"));
      } else if (i >= wanted.size()) {
        into.add(at(place, "nothing", shown(got.get(i))));
      } else {
        compare(wanted.get(i), got.get(i), place, into);
      }
    }
  }

  private static void compareMatcher(
      String matcher, JsonNode argument, JsonNode got, String pointer, List<String> into) {
    switch (matcher) {
      case "$any" -> {}
      case "$regex" -> {
        if (!got.isString()
            || !Pattern.compile(argument.stringValue()).matcher(got.stringValue()).find()) {
          into.add(at(pointer, "a text that matches " + argument, shown(got)));
        }
      }
      case "$range" -> {
        if (!got.isNumber() || !isWithin(got.decimalValue(), argument)) {
          into.add(at(pointer, "a number in " + argument, shown(got)));
        }
      }
      case "$partial" -> {
        if (got instanceof ObjectNode object) {
          compareFields((ObjectNode) argument, object, pointer, into);
        } else {
          into.add(at(pointer, "an object with " + shown(argument), shown(got)));
        }
      }
      case "$includes" -> compareIncluded(argument, got, pointer, into);
      default -> {
        if (!isEqual(argument, got)) {
          into.add(at(pointer, shown(argument), shown(got)));
        }
      }
    }
  }

  private static boolean isWithin(BigDecimal number, JsonNode range) {
    JsonNode least = range.get(0);
    JsonNode most = range.get(1);
    return (least.isNull() || number.compareTo(least.decimalValue()) >= 0)
        && (most.isNull() || number.compareTo(most.decimalValue()) <= 0);
  }

  private static void compareIncluded(
      JsonNode wanted, JsonNode got, String pointer, List<String> into) {
    if (!got.isArray()) {
      into.add(at(pointer, "an array with " + shown(wanted), shown(got)));
      return;
    }
    int next = 0;
    for (JsonNode element : wanted) {
      Expected expected = new Expected(element);
      int from = next;
      while (next < got.size() && !expected.matches(got.get(next))) {
        next++;
      }
      if (next == got.size()) {
        into.add(at(pointer, "an element " + shown(element) + " from index " + from, shown(got)));
        return;
      }
      next++;
    }
  }

  /** Equal as JSON: 1 and 1.0 are one number, and the order of fields does not count. */
  private static boolean isEqual(JsonNode wanted, JsonNode got) {
    if (wanted.isNumber() && got.isNumber()) {
      return wanted.decimalValue().compareTo(got.decimalValue()) == 0;
    }
    if (wanted instanceof ObjectNode object && got instanceof ObjectNode other) {
      return object.size() == other.size()
          && object.properties().stream()
              .allMatch(field ->
                  other.has(field.getKey())
                      && isEqual(field.getValue(), other.get(field.getKey())));
    }
    if (wanted instanceof ArrayNode array && got instanceof ArrayNode other) {
      boolean equal = array.size() == other.size();
      for (int i = 0; equal && i < array.size(); i++) {
        equal = isEqual(array.get(i), other.get(i));
      }
      return equal;
    }
    return wanted.equals(got);
  }

  private static String at(String pointer, String wanted, String got) {
    return (pointer.isEmpty() ? "" : pointer + ": ") + "expected " + wanted + ", got " + got;
  }

  static String shown(JsonNode node) {
    String text = text(node);
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }

  static String text(JsonNode node) {
    return new String(StrictJson.write(node), StandardCharsets.UTF_8);
  }

  /**
   * The expectation that a value meets: this one, with the value in the places that differ.
   * Matchers that the value meets stay.
   */
  public Expected meeting(JsonNode got) {
    return new Expected(met(pattern, got));
  }

  private static JsonNode met(JsonNode wanted, JsonNode got) {
    if (new Expected(wanted).matches(got)) {
      return wanted;
    }
    if (wanted instanceof ObjectNode object && got instanceof ObjectNode other) {
      String matcher = matcher(object);
      if ("$partial".equals(matcher)) {
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        object
            .get(matcher)
            .forEachEntry((name, field) -> {
              if (other.has(name)) {
                fields.set(name, met(field, other.get(name)));
              }
            });
        return JsonNodeFactory.instance.objectNode().set(matcher, fields);
      }
      if (matcher == null) {
        ObjectNode fields = JsonNodeFactory.instance.objectNode();
        other.forEachEntry((name, value) ->
            fields.set(name, object.has(name) ? met(object.get(name), value) : literal(value)));
        return fields;
      }
    }
    if (wanted instanceof ArrayNode array
        && got instanceof ArrayNode other
        && array.size() == other.size()) {
      ArrayNode elements = JsonNodeFactory.instance.arrayNode();
      for (int i = 0; i < array.size(); i++) {
        elements.add(met(array.get(i), other.get(i)));
      }
      return elements;
    }
    return literal(got);
  }

  /** A value as an expectation of itself. */
  private static JsonNode literal(JsonNode value) {
    if (value instanceof ArrayNode array) {
      ArrayNode copy = JsonNodeFactory.instance.arrayNode();
      array.forEach(element -> copy.add(literal(element)));
      return copy;
    }
    if (value instanceof ObjectNode object) {
      if (matcher(object) != null) {
        return JsonNodeFactory.instance.objectNode().set("$exact", object);
      }
      ObjectNode copy = JsonNodeFactory.instance.objectNode();
      object.forEachEntry((name, field) -> copy.set(name, literal(field)));
      return copy;
    }
    return value;
  }

  @Override
  public String toString() {
    return text(pattern);
  }
}
