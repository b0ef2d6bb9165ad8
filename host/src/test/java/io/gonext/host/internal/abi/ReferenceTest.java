package io.gonext.host.internal.abi;

import static org.assertj.core.api.Assertions.assertThat;

import io.gonext.host.Capability;
import io.gonext.host.CapabilityRegistry;
import io.gonext.host.HostConfig;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.OperatorLimits;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.ManifestReader;
import io.gonext.host.manifest.ManifestSchema;
import io.gonext.host.manifest.VersionRange;
import io.gonext.host.manifest.Vocabulary;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/**
 * {@code docs/manifest.md} and {@code docs/abi.md} say what the schema and the tables say. Run with
 * {@code -Dgonext.format=apply} to have the generated parts rewritten; {@code ./format} does that.
 */
class ReferenceTest {
  private static final Path DOCS = Path.of(System.getProperty("gonext.root"), "docs");
  private static final boolean APPLY = "apply".equals(System.getProperty("gonext.format"));

  private static final JsonNode SCHEMA = schema();

  @Test
  void the_manifest_reference_matches_schema_and_registry() throws IOException {
    Document manifest = new Document("manifest.md");
    manifest.generated("fields", fields());
    manifest.generated("capabilities", capabilities());
    manifest.generated("limits", limits());
    manifest.check();
  }

  @Test
  void the_abi_reference_matches_the_tables() throws IOException {
    Document abi = new Document("abi.md");
    abi.generated("exports", exports());
    abi.generated("sizes", sizes());
    abi.generated("imports", imports());
    abi.generated("statuses", statuses());
    abi.check();
  }

  @Test
  void each_function_is_in_the_table_of_arguments() throws IOException {
    String text = Files.readString(DOCS.resolve("abi.md"));
    String arguments = text.substring(text.indexOf("### Arguments and answers"));
    String exports = text.substring(0, text.indexOf("### What a handler returns"));
    for (ImportRow row : AbiTable.v1().rows()) {
      assertThat(arguments)
          .contains(
              row.key().name().startsWith("console.")
                  ? "`console.*`"
                  : "`" + row.key().name() + "`");
    }
    for (GuestAbi.Expected export : GuestAbi.EXPORTS) {
      assertThat(exports).contains("`" + export.name() + "(");
    }
  }

  @Test
  void the_manifest_in_the_reference_is_valid() throws IOException {
    Matcher json =
        Pattern.compile("```json\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(DOCS.resolve("manifest.md")));
    assertThat(json.find()).isTrue();
    Manifest manifest =
        ManifestReader.read(
            json.group(1).getBytes(StandardCharsets.UTF_8),
            new Vocabulary(CapabilityRegistry.standard().ids(), Set.of()));
    assertThat(manifest.id()).isEqualTo("related-posts@1.2.0");
  }

  @Test
  void the_ranges_in_the_reference_are_valid() throws IOException {
    String text = Files.readString(DOCS.resolve("manifest.md"));
    int begin = text.indexOf("| range | versions |");
    String table = text.substring(begin, text.indexOf("\n\n", begin));
    Matcher cell = Pattern.compile("\n\\| (`.*?`) \\| ").matcher(table);
    int ranges = 0;
    while (cell.find()) {
      for (String range : cell.group(1).replace("\\|", "|").split(", ", -1)) {
        VersionRange.parse(range.replace("`", ""));
        ranges++;
      }
    }
    assertThat(ranges).isGreaterThan(8);
  }

  /** So that each has one range check, is told by the whole text, and is in the reference. */
  @Test
  void each_rule_of_the_schema_is_complete() {
    List<String> incomplete = new ArrayList<>();
    Set<JsonNode> seen = new HashSet<>();
    complete("", SCHEMA, seen, incomplete);
    assertThat(incomplete).isEmpty();
    assertThat(seen).hasSizeGreaterThan(40);
  }

  private static void complete(
      String at, JsonNode rule, Set<JsonNode> seen, List<String> incomplete) {
    seen.add(rule);
    if (rule.path("type").asString("").equals("integer")
        && !(rule.path("minimum").isIntegralNumber() && rule.path("maximum").isIntegralNumber())) {
      incomplete.add(at + " is an integer without a range");
    }
    String pattern = rule.path("pattern").asString("^$");
    if (!pattern.startsWith("^") || !pattern.endsWith("$")) {
      incomplete.add(at + " has a pattern that is not for the whole text");
    }
    rule.path("properties")
        .properties()
        .forEach(field -> {
          if (!field.getValue().has("description") && !field.getValue().has("$ref")) {
            incomplete.add(at + "/" + field.getKey() + " has no description");
          }
        });
    for (String group : List.of("properties", "$defs")) {
      rule.path(group)
          .properties()
          .forEach(
              field -> complete(at + "/" + field.getKey(), field.getValue(), seen, incomplete));
    }
    for (String part : List.of("items", "then", "else")) {
      if (rule.has(part)) {
        complete(at + "/" + part, rule.path(part), seen, incomplete);
      }
    }
  }

  // ---- what is generated ------------------------------------------------------------------------

  private static List<String> fields() {
    List<String> rows = new ArrayList<>(List.of("| field | value | |", "| --- | --- | --- |"));
    addFields("", SCHEMA, rows);
    return rows;
  }

  private static void addFields(String prefix, JsonNode object, List<String> rows) {
    Set<String> required = new HashSet<>();
    object.path("required").forEach(name -> required.add(name.asString("")));
    object
        .path("properties")
        .properties()
        .forEach(field -> {
          String path = prefix + field.getKey();
          addField(path, field.getValue(), required.contains(field.getKey()), rows);
        });
  }

  private static void addField(String path, JsonNode field, boolean required, List<String> rows) {
    JsonNode rule = resolved(field);
    String description =
        Stream.of(field, rule)
            .map(each -> each.path("description").asString(""))
            .filter(text -> !text.isEmpty())
            .findFirst()
            .orElse("");
    rows.add(
        "| `%s` | %s | %s%s |"
            .formatted(path, value(rule), required ? "Required. " : "", sentence(description)));
    addFields(path + ".", rule, rows);
    JsonNode items = resolved(rule.path("items"));
    addFields(path + "[].", items, rows);
    addFields(path + "[].", items.path("then"), rows);
  }

  /** What may stand there, in words. */
  private static String value(JsonNode rule) {
    if (rule.has("const")) {
      return "`\"" + rule.path("const").asString("") + "\"`";
    }
    if (rule.has("enum")) {
      return String.join(
          ", ",
          rule.path("enum").valueStream().map(each -> "`" + each.asString("") + "`").toList());
    }
    if (rule.has("if")) {
      JsonNode other = resolved(rule.path("else"));
      String text = resolved(rule.path("then")).has("pattern") ? "text" : "an object";
      return text
          + ", or "
          + (other.path("type").asString("").equals("object") ? "an object" : value(other));
    }
    return switch (rule.path("type").asString("")) {
      case "integer" -> "integer, " + rule.path("minimum") + " to " + rule.path("maximum");
      case "boolean" -> "`true` or `false`";
      case "array" ->
          "array of at most "
              + rule.path("maxItems")
              + ": "
              + value(resolved(rule.path("items")))
              + itemDescription(resolved(rule.path("items")));
      case "string" ->
          "text"
              + (rule.has("maxLength")
                  ? ", " + rule.path("maxLength") + " characters at most"
                  : "");
      default -> "object";
    };
  }

  private static String itemDescription(JsonNode items) {
    String description = items.path("description").asString("");
    return description.isEmpty() ? "" : ": " + description.replace("|", "\\|");
  }

  private static String sentence(String text) {
    if (text.isEmpty()) {
      return text;
    }
    String escaped = text.replace("|", "\\|");
    return Character.toUpperCase(escaped.charAt(0))
        + escaped.substring(1)
        + (escaped.endsWith(".") ? "" : ".");
  }

  private static JsonNode resolved(JsonNode rule) {
    String reference = rule.path("$ref").asString("");
    return reference.isEmpty() ? rule : SCHEMA.at(reference.substring(1));
  }

  private static List<String> capabilities() {
    CapabilityRegistry registry = CapabilityRegistry.standard();
    List<String> rows =
        new ArrayList<>(
            List.of(
                "| capability | what for | sensitive | granted by |", "| --- | --- | --- | --- |"));
    for (Capability capability : registry.all()) {
      String offered =
          registry
              .notOffered(capability.id())
              .map(why -> "an operator; " + why)
              .orElse("an operator");
      rows.add(
          "| `%s` | %s | %s | %s |"
              .formatted(
                  capability.id(),
                  capability.description(),
                  capability.sensitive() ? "yes" : "",
                  CapabilityRegistry.comesWithPlugin(capability.id())
                      ? "comes with the plugin"
                      : offered));
    }
    return rows;
  }

  private static List<String> limits() {
    OperatorLimits limits = OperatorLimits.defaults();
    KeyValueQuota quota = KeyValueQuota.defaults();
    return List.of(
        "| field | at most | `gonext serve` |",
        "| --- | --- | --- |",
        "| `limits.memory_mb` | %d | `--memory-mb` |".formatted(limits.memoryMb()),
        "| `limits.call_ms` | %d | `--call-ms` |".formatted(limits.call().toMillis()),
        "| `limits.wait_ms` | %d | `--wait-ms` |".formatted(limits.waits().toMillis()),
        "| `limits.fuel` | no limit | `--fuel` |",
        "| `limits.instances_min`, `limits.instances_max` | %d | `--instances` |"
            .formatted(limits.instances()),
        "| `storage.kv.max_bytes` | %d | |".formatted(quota.maxBytes()),
        "| `storage.kv.max_keys` | %d | |".formatted(quota.maxKeys()),
        "| `storage.db.max_bytes` | %d | |".formatted(HostConfig.DEFAULT_DATABASE_BYTES),
        "| the start of an instance | %d ms | `--start-ms` |".formatted(limits.start().toMillis()),
        "| all handlers of a hook together | %d ms | |".formatted(limits.chain().toMillis()));
  }

  private static List<String> exports() {
    List<String> rows =
        new ArrayList<>(List.of("| export | type | required |", "| --- | --- | --- |"));
    for (GuestAbi.Expected export : GuestAbi.EXPORTS) {
      rows.add(
          "| `%s` | `%s` | %s |"
              .formatted(export.name(), export.type(), export.required() ? "yes" : ""));
    }
    return rows;
  }

  private static List<String> sizes() {
    return List.of(
        "| what | bytes at most |",
        "| --- | --- |",
        "| name of a hook | %d |".formatted(GuestAbi.MAX_HOOK_NAME_BYTES),
        "| payload | %d |".formatted(GuestAbi.MAX_PAYLOAD_BYTES),
        "| payload of a route | %d |".formatted(GuestAbi.MAX_ROUTE_PAYLOAD_BYTES),
        "| result | %d |".formatted(GuestAbi.MAX_RESULT_BYTES));
  }

  private static List<String> imports() {
    List<String> rows =
        new ArrayList<>(
            List.of("| module | function | type | capability |", "| --- | --- | --- | --- |"));
    for (ImportRow row : AbiTable.v1().rows()) {
      rows.add(
          "| `%s` | `%s` | `%s` | %s |"
              .formatted(
                  row.key().module(),
                  row.key().name(),
                  row.type(),
                  row.capability() == null ? "" : "`" + row.capability() + "`"));
    }
    return rows;
  }

  private static List<String> statuses() {
    return List.of(
        "| | `gonext_data`, `env`, `env_platform` | `env_net` |",
        "| --- | --- | --- |",
        statuses("denied", Refused.DENIED),
        statuses("internal", Refused.INTERNAL),
        statuses("bad arguments", Refused.BAD_ARGUMENTS),
        statuses("not found", Refused.NOT_FOUND),
        statuses("over a quota; too many audit events", Refused.QUOTA),
        statuses("over a rate", Refused.RATE_LIMITED),
        "| blocked: not an origin of the manifest, or not a public address | - | %d |"
            .formatted(StatusFamily.NET.status(Refused.BLOCKED)),
        "| upstream failed: no usable answer in time | - | %d |"
            .formatted(StatusFamily.NET.status(Refused.UPSTREAM_FAILED)),
        statuses("conflict: something else was first", Refused.CONFLICT),
        statuses("timed out; what a change has done is not known", Refused.TIMED_OUT),
        statuses("rejected by the database", Refused.REJECTED));
  }

  private static String statuses(String what, Refused refused) {
    return "| %s | %d | %d |"
        .formatted(what, StatusFamily.DATA.status(refused), StatusFamily.NET.status(refused));
  }

  private static JsonNode schema() {
    try {
      return StrictJson.parse(ManifestSchema.bytes());
    } catch (InvalidJsonException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A document with parts between {@code <!-- generated: NAME -->} and {@code <!-- end -->}. */
  private static final class Document {
    private static final String END = "<!-- end -->\n";

    private final Path file;
    private final String before;
    private String after;

    Document(String name) throws IOException {
      this.file = DOCS.resolve(name);
      this.before = Files.readString(file);
      this.after = before;
    }

    void generated(String name, List<String> lines) {
      String mark = "<!-- generated: " + name + " -->\n";
      int begin = after.indexOf(mark);
      assertThat(begin).as("%s has a part %s", file, name).isNotNegative();
      int end = after.indexOf(END, begin);
      assertThat(end).as("%s ends its part %s", file, name).isNotNegative();
      after =
          after.substring(0, begin + mark.length())
              + String.join("\n", lines)
              + "\n"
              + after.substring(end);
    }

    void check() throws IOException {
      if (APPLY && !after.equals(before)) {
        Files.writeString(file, after);
      } else {
        assertThat(before).as("%s is not up to date; run ./format", file).isEqualTo(after);
      }
    }
  }
}
