package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.ConfigSchema;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext config}. */
@Command(
    name = "config",
    description = "Show or change the configuration of a plugin, without a restart.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext config shop",
      "  gonext config shop currency",
      "  gonext config shop currency=EUR page_size=20",
      "  gonext config shop 'mail={\"from\":\"shop@example.com\"}'",
      "  gonext config shop api_password=-",
      "  gonext config shop --unset page_size"
    })
public final class ConfigCommand extends AdminCommand {
  /** What begins like JSON was meant as JSON. */
  private static final Pattern JSON = Pattern.compile("\\s*[\\[{\"].*", Pattern.DOTALL);

  /** Instead of a value: it is typed at a prompt, or comes from standard input. */
  private static final String HIDDEN = "-";

  @Parameters(index = "0", paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Parameters(
      index = "1..*",
      paramLabel = "KEY[=VALUE]",
      description = {
        "A key alone shows its value. With a value, it is set:",
        "JSON, or a text that is not JSON. Objects are merged.",
        "KEY=- takes the value from a prompt or standard input.",
        "The value of a write-only property is set only so."
      })
  private List<String> settings = List.of();

  @Option(
      names = "--unset",
      paramLabel = "KEY",
      description = "Remove a value, so that the default holds. Repeatable.")
  private List<String> unset = List.of();

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    ObjectNode patch = JsonNodeFactory.instance.objectNode();
    unset.forEach(patch::putNull);
    List<String> hidden = new ArrayList<>();
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals == 0) {
        throw AdminException.usage(setting + ": give a key before the =");
      }
      if (equals > 0) {
        String key = setting.substring(0, equals);
        if (patch.has(key) || hidden.contains(key)) {
          throw AdminException.usage(
              unset.contains(key) ? key + " is set and unset" : key + " is set twice");
        }
        String value = setting.substring(equals + 1);
        if (value.equals(HIDDEN)) {
          hidden.add(key);
        } else {
          patch.set(key, value(value));
        }
      }
    }
    if (hidden.size() > 1 && !HiddenInput.isPrompt()) {
      throw AdminException.usage("standard input can give one value only: set the others after it");
    }
    String path = of(name) + "/config";
    if (patch.isEmpty() && hidden.isEmpty()) {
      return host.send("GET", path, new byte[0]);
    }
    JsonNode schema = host.send("GET", path, new byte[0]).path("schema");
    refuseWriteOnly(patch, writeOnly(schema, new TreeSet<>()));
    for (String key : hidden) {
      patch.set(key, typed(key, schema));
    }
    return host.send("PATCH", path, StrictJson.write(patch));
  }

  /** A value that is not on the command line: a text as it is where the schema wants one. */
  private JsonNode typed(String key, JsonNode schema) {
    byte[] bytes = HiddenInput.read(key + " of " + name, ConfigSchema.MAX_VALUES_BYTES);
    String text = new String(bytes, StandardCharsets.UTF_8);
    Arrays.fill(bytes, (byte) 0);
    JsonNode rule = schema.path("properties").path(key);
    String reference = rule.path("$ref").asString("");
    if (reference.startsWith("#/")) {
      rule = schema.at(reference.substring(1));
    }
    if (rule.path("type").asString("").equals("string")) {
      return JsonNodeFactory.instance.stringNode(text);
    }
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      if (JSON.matcher(text).matches()) {
        // A parser's message may quote what it read.
        throw new AdminException("the value of " + key + " is not valid JSON");
      }
      return JsonNodeFactory.instance.stringNode(text);
    }
  }

  /** The names of all write-only properties of a schema. */
  private static Set<String> writeOnly(JsonNode rule, Set<String> names) {
    rule.path("properties")
        .properties()
        .forEach(property -> {
          if (property.getValue().path("writeOnly").asBoolean(false)) {
            names.add(property.getKey());
          }
        });
    rule.forEach(part -> writeOnly(part, names));
    return names;
  }

  private static void refuseWriteOnly(ObjectNode patch, Set<String> writeOnly) {
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      String key = field.getKey();
      JsonNode value = field.getValue();
      if (!value.isNull()
          && (writeOnly.contains(key)
              || writeOnly.stream().anyMatch(each -> !value.findValues(each).isEmpty()))) {
        throw AdminException.usage(
            "the value of "
                + key
                + " is not shown to anybody, and so is not an argument, "
                + HiddenInput.NO_ARGUMENT
                + ", with "
                + key
                + "="
                + HIDDEN);
      }
    }
  }

  private static JsonNode value(String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      if (JSON.matcher(text).matches()) {
        throw AdminException.usage(text + " is not valid JSON: " + e.getMessage());
      }
      return JsonNodeFactory.instance.stringNode(text);
    }
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    JsonNode effective = answer.path("effective");
    List<String> shown = settings.stream().filter(setting -> !setting.contains("=")).toList();
    if (!shown.isEmpty()) {
      for (String key : shown) {
        JsonNode value = effective.get(key);
        out.println(value == null ? key + " has no value that can be shown" : value.toString());
      }
      return;
    }
    Table table = new Table("KEY", "VALUE", "NOTE");
    for (var field : effective.properties()) {
      boolean set = answer.path("values").has(field.getKey());
      table.row(List.of(field.getKey(), field.getValue().toString(), set ? "" : "default"));
    }
    for (JsonNode pointer : answer.path("hidden")) {
      table.row(List.of(pointer.asString("").substring(1), "", "set, not shown"));
    }
    table.print(out, name + " has no values");
    answer.path("problems").forEach(problem -> out.println("  problem: " + problem.asString("")));
    warnings(answer, out);
  }
}
