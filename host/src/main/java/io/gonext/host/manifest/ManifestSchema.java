package io.gonext.host.manifest;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SchemaRegistryConfig;
import com.networknt.schema.SpecificationVersion;
import com.networknt.schema.regex.RegularExpression;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.JsonPointers;
import io.gonext.host.json.SchemaFile;
import io.gonext.host.json.StrictJson;
import java.io.ByteArrayInputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NumericNode;
import tools.jackson.databind.node.ObjectNode;

/** The published JSON Schema of a manifest, and what it says in words of this host. */
public final class ManifestSchema {
  private static final String FILE = "plugin-manifest-v1.json";
  private static final int MAX_FOUND_LENGTH = 80;

  /** No pattern of the schema matches anything longer, in characters. */
  private static final int MAX_PATTERN_LENGTH = 1024;

  private static final BigDecimal SMALLEST = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal LARGEST = BigDecimal.valueOf(Long.MAX_VALUE);

  /** Stands for every number with a fraction. */
  private static final BigDecimal FRACTION = new BigDecimal("1.5");

  private static final byte[] BYTES = SchemaFile.bytes(ManifestSchema.class, FILE);
  private static final JsonNode JSON = parsed();
  private static final Schema SCHEMA =
      SchemaRegistry.withDefaultDialect(
              SpecificationVersion.DRAFT_2020_12,
              registry ->
                  registry.schemaRegistryConfig(
                      SchemaRegistryConfig.builder()
                          .regularExpressionFactory(ManifestSchema::bounded)
                          .build()))
          .getSchema(new ByteArrayInputStream(BYTES));

  /** Where fields belong: {@code hooks.filters} by that name, and by {@code filters}. */
  private static final Map<String, String> PATHS = paths();

  private ManifestSchema() {}

  /** The schema as it is published, UTF-8; a copy. */
  public static byte[] bytes() {
    return BYTES.clone();
  }

  /**
   * All that the schema finds wrong.
   *
   * @param manifest as it was written
   */
  static List<ManifestProblem> problems(JsonNode manifest, Vocabulary vocabulary) {
    List<Error> errors = SCHEMA.validate(bounded(manifest));
    Set<String> tooLong = new HashSet<>();
    for (Error error : errors) {
      if (error.getKeyword().equals("maxLength")) {
        tooLong.add(error.getInstanceLocation().toString());
      }
    }
    List<ManifestProblem> problems = new ArrayList<>();
    for (Error error : errors) {
      if (!error.getKeyword().equals("pattern")
          || !tooLong.contains(error.getInstanceLocation().toString())) {
        String pointer = error.getInstanceLocation().toString();
        problems.add(problem(error, manifest.at(pointer), vocabulary));
      }
    }
    return problems;
  }

  /**
   * A pattern that is not tried on what is too long for it: the validator evaluates all keywords of
   * a rule, and Java's expressions take a frame of the stack for each turn of a group.
   */
  private static RegularExpression bounded(String pattern) {
    if (!pattern.startsWith("^") || !pattern.endsWith("$")) {
      throw new IllegalStateException(pattern + " does not say where the text begins and ends");
    }
    Pattern compiled = Pattern.compile(pattern);
    // Not find(): to Java, $ is also before a line break that ends the text.
    return text -> text.length() <= MAX_PATTERN_LENGTH && compiled.matcher(text).matches();
  }

  /**
   * The value with each integer as one, {@code 2e2} as 200, and with what the validator would take
   * unbounded time for, since it writes exponents out, replaced by something as wrong.
   */
  static JsonNode bounded(JsonNode value) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        object.properties().forEach(field -> copy.set(field.getKey(), bounded(field.getValue())));
        yield copy;
      }
      case ArrayNode array -> {
        ArrayNode copy = JsonNodeFactory.instance.arrayNode();
        array.forEach(item -> copy.add(bounded(item)));
        yield copy;
      }
      case NumericNode number -> bounded(number);
      default -> value;
    };
  }

  private static JsonNode bounded(NumericNode number) {
    OptionalLong integer = StrictJson.integer(number);
    if (integer.isPresent()) {
      return JsonNodeFactory.instance.numberNode(integer.getAsLong());
    }
    BigDecimal exact = number.decimalValue();
    if (exact.compareTo(SMALLEST) < 0) {
      return JsonNodeFactory.instance.numberNode(Long.MIN_VALUE);
    }
    return exact.compareTo(LARGEST) > 0
        ? JsonNodeFactory.instance.numberNode(Long.MAX_VALUE)
        : JsonNodeFactory.instance.numberNode(FRACTION);
  }

  /** A value as a problem shows it: JSON, cut where it is long. */
  static String found(@Nullable JsonNode value) {
    if (value == null) {
      return "nothing found";
    }
    String json = new String(StrictJson.write(value), StandardCharsets.UTF_8);
    return "found "
        + (json.length() > MAX_FOUND_LENGTH ? json.substring(0, MAX_FOUND_LENGTH) + "..." : json);
  }

  private static ManifestProblem problem(Error error, JsonNode found, Vocabulary vocabulary) {
    String pointer = error.getInstanceLocation().toString();
    String keyword = error.getKeyword();
    JsonNode rule = rule(error);
    return switch (keyword) {
      case "additionalProperties" -> unknownField(pointer, error.getProperty(), rule);
      case "required" ->
          new ManifestProblem(
              JsonPointers.child(pointer, error.getProperty()),
              "it is missing",
              described(rule.get("properties").get(error.getProperty())),
              null);
      case "enum" -> {
        List<String> values = rule.get("enum").valueStream().map(JsonNode::asString).toList();
        yield new ManifestProblem(
            pointer,
            found(found),
            String.join(", ", values),
            Spelling.closest(found.asString(""), values));
      }
      case "const" ->
          new ManifestProblem(pointer, found(found), rule.get("const").asString(), null);
      case "minimum", "maximum" -> new ManifestProblem(pointer, found(found), range(rule), null);
      case "type" ->
          new ManifestProblem(
              pointer.isEmpty() ? "/" : pointer,
              found(found),
              type(rule.get("type").asString()),
              null);
      case "uniqueItems" -> new ManifestProblem(pointer, found(found), "each item once", null);
      case "maxItems" ->
          new ManifestProblem(
              pointer, "found " + found.size() + " items", rule.get("maxItems") + " at most", null);
      case "maxLength" ->
          new ManifestProblem(
              pointer, found(found), rule.get("maxLength") + " characters at most", null);
      default ->
          new ManifestProblem(
              pointer,
              found(found),
              described(rule),
              meant(pointer, found.asString(""), vocabulary));
    };
  }

  private static ManifestProblem unknownField(String pointer, String field, JsonNode rule) {
    List<String> siblings = new ArrayList<>(rule.get("properties").propertyNames());
    String meant = Spelling.closest(field, siblings);
    return new ManifestProblem(
        JsonPointers.child(pointer, field),
        "no such field",
        String.join(", ", siblings),
        meant == null ? elsewhere(field) : meant);
  }

  private static @Nullable String elsewhere(String field) {
    String name = Spelling.closest(field, PATHS.keySet());
    // The same name elsewhere is a field in the wrong place; a similar one is another field.
    return name == null || !Spelling.same(name, field) ? null : PATHS.get(name);
  }

  private static @Nullable String meant(String pointer, String written, Vocabulary vocabulary) {
    if (pointer.startsWith("/capabilities/")) {
      return Spelling.closest(written, vocabulary.capabilities());
    }
    return pointer.startsWith("/hooks/") ? Spelling.closest(written, vocabulary.hooks()) : null;
  }

  private static String described(JsonNode rule) {
    JsonNode reference = rule.get("$ref");
    JsonNode description =
        reference == null || rule.has("description")
            ? rule.get("description")
            : JSON.at(reference.asString().substring("#".length())).get("description");
    return description == null ? "as the schema says" : description.asString();
  }

  static String type(String name) {
    return switch (name) {
      case "string" -> "a text";
      case "boolean" -> "true or false";
      case "object" -> "an object";
      case "array" -> "an array";
      case "integer" -> "an integer";
      case "number" -> "a number";
      case "null" -> "null";
      default -> "of type " + name;
    };
  }

  private static String range(JsonNode rule) {
    JsonNode maximum = rule.get("maximum");
    return maximum == null
        ? "at least " + rule.get("minimum")
        : "from " + rule.get("minimum") + " to " + maximum;
  }

  /** The part of the schema that the violated keyword stands in. */
  private static JsonNode rule(Error error) {
    String keyword = error.getSchemaLocation().getFragment().toString();
    return JSON.at(keyword.substring(0, keyword.lastIndexOf('/')));
  }

  private static Map<String, String> paths() {
    Map<String, String> paths = new TreeMap<>();
    addPaths("", JSON, paths);
    return paths;
  }

  private static void addPaths(String prefix, JsonNode rule, Map<String, String> paths) {
    JsonNode properties = rule.get("properties");
    if (properties == null) {
      return;
    }
    properties
        .properties()
        .forEach(field -> {
          String path = prefix + field.getKey();
          paths.put(path, path);
          paths.putIfAbsent(field.getKey(), path);
          addPaths(path + ".", field.getValue(), paths);
        });
  }

  private static JsonNode parsed() {
    try {
      return StrictJson.parse(BYTES);
    } catch (InvalidJsonException e) {
      throw new IllegalStateException(FILE + " is no JSON", e);
    }
  }
}
