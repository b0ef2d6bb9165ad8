package io.gonext.host.manifest;

import io.gonext.host.json.JsonPointers;
import io.gonext.host.json.SchemaStandard;
import io.gonext.host.json.StrictJson;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Whether a configuration's schema is one that the host evaluates: an object, JSON Schema 2020-12,
 * with keywords from a list, references within the schema and without a cycle, patterns that match
 * in linear time, and a bounded number of rules.
 */
final class ConfigSchemaCheck {
  /** Most bytes of the schema itself. */
  private static final int MAX_BYTES = 64 * 1024;

  /** Most schemas inside the schema, where each reference counts as what it refers to. */
  private static final int MAX_RULES = 1_000;

  private static final Set<String> ONE =
      Set.of(
          "additionalProperties",
          "items",
          "contains",
          "propertyNames",
          "not",
          "if",
          "then",
          "else");
  private static final Set<String> LISTS = Set.of("allOf", "anyOf", "oneOf", "prefixItems");
  private static final Set<String> MAPS = Set.of("properties", "patternProperties", "$defs");
  private static final Set<String> PLAIN =
      Set.of(
          "$schema",
          "$comment",
          "$ref",
          "title",
          "description",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly",
          "type",
          "enum",
          "const",
          "format",
          "required",
          "dependentRequired",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf",
          "minLength",
          "maxLength",
          "pattern",
          "minItems",
          "maxItems",
          "uniqueItems",
          "minProperties",
          "maxProperties");

  private final JsonNode root;

  /** In order, each once: a keyword has several places in the standard. */
  private final Set<ManifestProblem> problems = new LinkedHashSet<>();

  /** How many rules each definition holds, by its reference. */
  private final Map<String, Long> sizes = new HashMap<>();

  private final Set<String> open = new HashSet<>();

  private ConfigSchemaCheck(JsonNode root) {
    this.root = root;
  }

  /** Everything wrong with a schema; pointers begin at the schema. */
  static List<ManifestProblem> problems(JsonNode schema) {
    ConfigSchemaCheck check = new ConfigSchemaCheck(schema);
    check.run();
    return List.copyOf(check.problems);
  }

  /** The names of the properties that are write-only, wherever the schema has them. */
  static Set<String> writeOnly(JsonNode schema) {
    Set<String> names = new TreeSet<>();
    collectWriteOnly(schema, names);
    return names;
  }

  private static void collectWriteOnly(JsonNode rule, Set<String> names) {
    rule.path("properties")
        .properties()
        .forEach(property -> {
          if (property.getValue().path("writeOnly").asBoolean(false)) {
            names.add(property.getKey());
          }
        });
    rule.forEach(part -> collectWriteOnly(part, names));
  }

  private void run() {
    if (StrictJson.write(root).length > MAX_BYTES) {
      wrong("", "the schema is larger", MAX_BYTES + " bytes at most");
      return;
    }
    for (String pointer : StrictJson.numbersOutOfRange(root)) {
      wrong(pointer, "a number that is not in the range of a double", "a smaller one");
    }
    if (problems.isEmpty()) {
      checkAgainstStandard();
    }
    // What follows takes the shapes for granted that the standard demands.
    if (!problems.isEmpty()) {
      return;
    }
    if (!root.path("type").asString("").equals("object")) {
      wrong(
          "/type",
          ManifestSchema.found(root.get("type")),
          "\"object\": a configuration is an object");
    }
    if (size(root, "", false) > MAX_RULES) {
      wrong(
          "",
          "the schema has too many rules",
          MAX_RULES + " at most, each reference counted as what it refers to");
    }
  }

  private void checkAgainstStandard() {
    for (SchemaStandard.Problem problem : SchemaStandard.problems(root)) {
      String pointer = problem.pointer();
      wrong(
          pointer, ManifestSchema.found(root.at(pointer)), "what JSON Schema 2020-12 allows there");
    }
  }

  /** Counts the schemas in one, and notes what is wrong with them. */
  private long size(JsonNode rule, String pointer, boolean isProperty) {
    long size = 1;
    for (Map.Entry<String, JsonNode> field : rule.properties()) {
      String keyword = field.getKey();
      JsonNode value = field.getValue();
      String at = JsonPointers.child(pointer, keyword);
      if (ONE.contains(keyword)) {
        size += size(value, at, false);
      } else if (LISTS.contains(keyword)) {
        int i = 0;
        for (JsonNode part : value) {
          size += size(part, at + "/" + i++, false);
        }
      } else if (MAPS.contains(keyword)) {
        for (Map.Entry<String, JsonNode> part : value.properties()) {
          if (keyword.equals("patternProperties")) {
            checkPattern(part.getKey(), JsonPointers.child(at, part.getKey()));
          }
          size +=
              size(
                  part.getValue(),
                  JsonPointers.child(at, part.getKey()),
                  keyword.equals("properties"));
        }
      } else if (!PLAIN.contains(keyword)) {
        unknown(keyword, at);
      } else if (keyword.equals("pattern")) {
        checkPattern(value.asString(), at);
      } else if (keyword.equals("$ref")) {
        size += referred(value.asString(), at);
      } else if (keyword.equals("writeOnly") && !isProperty) {
        wrong(at, "writeOnly on what is not a property", "writeOnly on a property of an object");
      }
      if (size > MAX_RULES) {
        return MAX_RULES + 1L;
      }
    }
    return size;
  }

  private long referred(String reference, String at) {
    Long known = sizes.get(reference);
    if (known != null) {
      return known;
    }
    if (!reference.startsWith("#/$defs/") || root.at(reference.substring(1)).isMissingNode()) {
      wrong(
          at,
          ManifestSchema.found(root.at(at)),
          "#/$defs/ and the name of a definition in this schema");
      return 1;
    }
    if (!open.add(reference)) {
      wrong(at, reference + " refers to itself", "references without a cycle");
      return 1;
    }
    long size = size(root.at(reference.substring(1)), reference.substring(1), false);
    open.remove(reference);
    sizes.put(reference, size);
    return size;
  }

  private void checkPattern(String pattern, String at) {
    try {
      LinearPattern.of(pattern);
    } catch (IllegalArgumentException e) {
      wrong(at, "a pattern that is not supported", String.valueOf(e.getMessage()));
    }
  }

  private void unknown(String keyword, String at) {
    Set<String> known = new TreeSet<>(PLAIN);
    known.addAll(ONE);
    known.addAll(LISTS);
    known.addAll(MAPS);
    problems.add(
        new ManifestProblem(
            at,
            "the host does not evaluate this keyword",
            String.join(", ", known),
            Spelling.closest(keyword, known)));
  }

  private void wrong(String pointer, String found, String allowed) {
    problems.add(new ManifestProblem(pointer.isEmpty() ? "/" : pointer, found, allowed, null));
  }
}
