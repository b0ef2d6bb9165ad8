package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.MissingNode;

/** {@code gonext grants}. */
@Command(
    name = "grants",
    description = "Show, grant or revoke the capabilities of a plugin.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext grants hello-rust",
      "  gonext grants hello-rust --grant kv.read --grant kv.write",
      "  gonext grants hello-rust --revoke kv.write"
    })
public final class GrantsCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = "--grant",
      paramLabel = "CAPABILITY",
      description = "Grant this capability. Repeatable.")
  private List<String> grant = List.of();

  @Option(
      names = "--revoke",
      paramLabel = "CAPABILITY",
      description = "Revoke this capability. Repeatable.")
  private List<String> revoke = List.of();

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    String path = of(name) + "/grants/";
    // All of them before the first change.
    grant.forEach(GrantsCommand::requireName);
    revoke.forEach(GrantsCommand::requireName);
    grant.stream()
        .filter(revoke::contains)
        .findFirst()
        .ifPresent(both -> {
          throw AdminException.usage("--grant and --revoke both name " + both);
        });
    JsonNode answer = MissingNode.getInstance();
    for (String capability : grant) {
      answer = host.send("PUT", path + capability, new byte[0]);
    }
    for (String capability : revoke) {
      answer = host.send("DELETE", path + capability, new byte[0]);
    }
    return answer.isMissingNode() ? host.send("GET", of(name) + "/grants", new byte[0]) : answer;
  }

  private static void requireName(String id) {
    if (!id.matches("[a-z0-9_]+(\\.[a-z0-9_]+)*")) {
      throw AdminException.usage(id + " is not the name of a capability, such as kv.read");
    }
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("CAPABILITY", "GRANTED", "SENSITIVE", "NOTE");
    for (JsonNode capability : answer.path("capabilities")) {
      table.row(
          List.of(
              capability.path("id").asString(""),
              capability.path("granted").booleanValue() ? "yes" : "no",
              capability.path("sensitive").booleanValue() ? "yes" : "",
              capability.path("not_offered").asString("")));
    }
    table.print(out, name + " requests no capabilities");
  }
}
