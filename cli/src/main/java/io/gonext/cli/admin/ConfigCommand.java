package io.gonext.cli.admin;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
      "  gonext config shop --unset page_size"
    })
public final class ConfigCommand extends AdminCommand {
  /** What begins like JSON was meant as JSON. */
  private static final Pattern JSON = Pattern.compile("\\s*[\\[{\"].*", Pattern.DOTALL);

  @Parameters(index = "0", paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Parameters(
      index = "1..*",
      paramLabel = "KEY[=VALUE]",
      description = {
        "A key alone shows its value. With a value, it is set:",
        "JSON, or a text that is not JSON. Objects are merged."
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
    for (String setting : settings) {
      int equals = setting.indexOf('=');
      if (equals == 0) {
        throw new AdminException(setting + ": give a key before the =");
      }
      if (equals > 0) {
        patch.set(setting.substring(0, equals), value(setting.substring(equals + 1)));
      }
    }
    String path = of(name) + "/config";
    return patch.isEmpty()
        ? host.send("GET", path, new byte[0])
        : host.send("PATCH", path, StrictJson.write(patch));
  }

  private static JsonNode value(String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      if (JSON.matcher(text).matches()) {
        throw new AdminException(text + " is not valid JSON: " + e.getMessage());
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
  }
}
