package io.gonext.host.manifest;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.path.NodePath;
import io.gonext.host.json.JsonPointers;
import io.gonext.host.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The JSON Schema of a plugin's configuration: {@code config.schema} in its manifest. Immutable,
 * for use by several threads.
 *
 * <p>A schema is a stranger's program. So it has the keywords of 2020-12 that need bounded work
 * ({@link ConfigSchemaCheck}), and values have at most {@link #MAX_VALUES_BYTES} bytes.
 */
public final class ConfigSchema {
  /** Most that the values of one plugin may have, in bytes of JSON. */
  public static final int MAX_VALUES_BYTES = 64 * 1024;

  /** Keywords that may apply to properties that {@code properties} does not name. */
  private static final Set<String> NAMING_OTHERS =
      Set.of(
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "allOf",
          "anyOf",
          "oneOf",
          "not",
          "if",
          "$ref");

  private final JsonNode json;
  private final Schema schema;
  private final Set<String> writeOnly;

  private ConfigSchema(JsonNode json) {
    this.json = json;
    this.schema =
        SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12,
                registry ->
                    registry.schemaRegistryConfig(
                        SchemaRegistryConfig.builder()
                            .regularExpressionFactory(LinearPattern::of)
                            .build()))
            .getSchema(StrictJson.withPlainIntegers(json));
    this.writeOnly = ConfigSchemaCheck.writeOnly(json);
  }

  /**
   * A schema from a manifest that {@link ManifestReader} has accepted.
   *
   * @param json the value of {@code config.schema}; the caller may change it afterwards
   */
  public static ConfigSchema of(JsonNode json) {
    return new ConfigSchema(json.deepCopy());
  }

  /** The schema as the manifest has it; a copy. */
  public JsonNode json() {
    return json.deepCopy();
  }

  /**
   * Everything that is wrong with a whole configuration, a sentence each, with JSON pointers. Does
   * not repeat a value of a write-only property.
   */
  public List<String> problems(ObjectNode values) {
    return problems(values, _ -> "");
  }

  /**
   * As {@link #problems(ObjectNode)}, each followed by what a caller adds for the property of the
   * whole configuration that it is about.
   *
   * @param advice gets the name of the property
   */
  public List<String> problems(ObjectNode values, UnaryOperator<String> advice) {
    if (StrictJson.write(values).length > MAX_VALUES_BYTES) {
      return List.of("the configuration has more than " + MAX_VALUES_BYTES + " bytes");
    }
    return problems(values, advice, Integer.MAX_VALUE);
  }

  /** As {@link #problems(ObjectNode)} for values of any size, but at most so many sentences. */
  List<String> problems(ObjectNode values, int most) {
    return problems(values, _ -> "", most);
  }

  private List<String> problems(ObjectNode values, UnaryOperator<String> advice, int most) {
    List<String> outOfRange = StrictJson.numbersOutOfRange(values);
    if (!outOfRange.isEmpty()) {
      return outOfRange.stream()
          .limit(most)
          .map(pointer -> pointer + ": the number is not in the range of a double")
          .toList();
    }
    List<String> problems = new ArrayList<>();
    for (Error error : schema.validate(StrictJson.withPlainIntegers(values))) {
      if (problems.size() == most) {
        break;
      }
      ManifestProblem problem = problem(error, values);
      String property = JsonPointers.first(problem.pointer());
      problems.add(problem + (property.isEmpty() ? "" : advice.apply(property)));
    }
    return problems;
  }

  /**
   * A sentence for each value that the schema accepts and does not name, which is a slip more often
   * than not. JSON Schema accepts such values unless {@code additionalProperties} is false.
   */
  public List<String> warnings(ObjectNode values) {
    List<String> warnings = new ArrayList<>();
    addUnnamed(json, values, "", warnings);
    return warnings;
  }

  private void addUnnamed(JsonNode rule, ObjectNode values, String pointer, List<String> warnings) {
    JsonNode object = resolved(rule);
    JsonNode named = object.path("properties");
    boolean namesAll =
        !named.isEmpty() && object.propertyNames().stream().noneMatch(NAMING_OTHERS::contains);
    for (Map.Entry<String, JsonNode> field : values.properties()) {
      String at = JsonPointers.child(pointer, field.getKey());
      if (named.has(field.getKey())) {
        if (field.getValue() instanceof ObjectNode nested) {
          addUnnamed(named.path(field.getKey()), nested, at, warnings);
        }
      } else if (namesAll) {
        warnings.add(
            new ManifestProblem(
                    at,
                    "config.schema does not name this property, so the plugin may never read it",
                    String.join(", ", named.propertyNames()),
                    Spelling.closest(field.getKey(), named.propertyNames()))
                .toString());
      }
    }
  }

  /**
   * The values with each {@code default} of the schema where a property is missing, in nested
   * objects that exist too; a copy.
   */
  public ObjectNode withDefaults(ObjectNode values) {
    ObjectNode completed = values.deepCopy();
    addDefaults(json, completed);
    return completed;
  }

  /** Whether a property is write-only: its value is shown to nobody but the plugin. */
  public boolean isWriteOnly(String property) {
    return writeOnly.contains(property);
  }

  /** The values without those of write-only properties, at any depth; a copy. */
  public ObjectNode shown(ObjectNode values) {
    ObjectNode shown = values.deepCopy();
    removeWriteOnly(shown);
    return shown;
  }

  /** The JSON pointers of the write-only properties that have a value, in order. */
  public List<String> hidden(ObjectNode values) {
    Set<String> pointers = new TreeSet<>();
    addWriteOnly(values, "", pointers);
    return List.copyOf(pointers);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ConfigSchema schemaOfOther && json.equals(schemaOfOther.json);
  }

  @Override
  public int hashCode() {
    return json.hashCode();
  }

  private void removeWriteOnly(JsonNode value) {
    if (value instanceof ObjectNode object) {
      object.remove(writeOnly);
    }
    value.forEach(this::removeWriteOnly);
  }

  private void addWriteOnly(JsonNode value, String pointer, Set<String> pointers) {
    if (value.isObject()) {
      value
          .properties()
          .forEach(field -> {
            String at = JsonPointers.child(pointer, field.getKey());
            if (writeOnly.contains(field.getKey())) {
              pointers.add(at);
            } else {
              addWriteOnly(field.getValue(), at, pointers);
            }
          });
    } else {
      int i = 0;
      for (JsonNode item : value) {
        addWriteOnly(item, pointer + "/" + i++, pointers);
      }
    }
  }

  private void addDefaults(JsonNode rule, ObjectNode values) {
    resolved(rule)
        .path("properties")
        .properties()
        .forEach(property -> {
          JsonNode of = resolved(property.getValue());
          JsonNode value = values.get(property.getKey());
          if (value == null && of.has("default")) {
            value = of.get("default").deepCopy();
            values.set(property.getKey(), value);
          }
          if (value instanceof ObjectNode nested) {
            addDefaults(of, nested);
          }
        });
  }

  /** What a reference refers to; references have no cycle. */
  private JsonNode resolved(JsonNode rule) {
    JsonNode reference = rule.get("$ref");
    return reference == null ? rule : resolved(json.at(reference.asString().substring(1)));
  }

  private ManifestProblem problem(Error error, ObjectNode values) {
    String pointer = error.getInstanceLocation().toString();
    String keyword = error.getKeyword();
    JsonNode rule = ruleOf(error);
    String found =
        isHidden(error.getInstanceLocation())
            ? "found a value that is not shown"
            : ManifestSchema.found(values.at(pointer));
    return switch (keyword) {
      case "required", "dependentRequired" ->
          new ManifestProblem(
              JsonPointers.child(pointer, error.getProperty()),
              "it is missing",
              typeOf(resolved(rule.path("properties").path(error.getProperty()))),
              null);
      case "additionalProperties" -> {
        List<String> siblings = new ArrayList<>(rule.path("properties").propertyNames());
        yield new ManifestProblem(
            JsonPointers.child(pointer, error.getProperty()),
            "there is no such property",
            siblings.isEmpty() ? "none" : String.join(", ", siblings),
            Spelling.closest(error.getProperty(), siblings));
      }
      case "type" ->
          new ManifestProblem(pointer.isEmpty() ? "/" : pointer, found, typeOf(rule), null);
      default ->
          new ManifestProblem(
              pointer.isEmpty() ? "/" : pointer, found, allowed(keyword, rule), null);
    };
  }

  private boolean isHidden(NodePath location) {
    for (int i = 0; i < location.getNameCount(); i++) {
      if (location.getElement(i) instanceof String name && writeOnly.contains(name)) {
        return true;
      }
    }
    return false;
  }

  private static String allowed(String keyword, JsonNode rule) {
    JsonNode value = rule.path(keyword);
    Optional<String> description = rule.path("description").stringValueOpt();
    return switch (keyword) {
      case "enum" -> String.join(", ", value.valueStream().map(ConfigSchema::text).toList());
      case "const" -> text(value);
      case "minimum" -> "at least " + value;
      case "maximum" -> "at most " + value;
      case "exclusiveMinimum" -> "more than " + value;
      case "exclusiveMaximum" -> "less than " + value;
      case "multipleOf" -> "a multiple of " + value;
      case "minLength" -> "at least " + value + " characters";
      case "maxLength" -> "at most " + value + " characters";
      case "minItems" -> "at least " + value + " items";
      case "maxItems" -> "at most " + value + " items";
      case "minProperties" -> "at least " + value + " properties";
      case "maxProperties" -> "at most " + value + " properties";
      case "uniqueItems" -> "each item once";
      case "pattern" -> description.orElse("a text that matches " + value.asString());
      default -> description.orElse("what the schema says in " + keyword);
    };
  }

  private static String typeOf(JsonNode rule) {
    JsonNode type = rule.path("type");
    if (type.isArray()) {
      return String.join(
          " or ", type.valueStream().map(name -> ManifestSchema.type(name.asString(""))).toList());
    }
    return type.isString() ? ManifestSchema.type(type.asString()) : "a value";
  }

  private static String text(JsonNode value) {
    return value.isString() ? value.asString() : value.toString();
  }

  /** The part of the schema that holds the violated keyword. */
  private JsonNode ruleOf(Error error) {
    String keyword = error.getSchemaLocation().getFragment().toString();
    return json.at(keyword.substring(0, keyword.lastIndexOf('/')));
  }
}
