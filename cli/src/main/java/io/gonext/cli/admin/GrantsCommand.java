package io.gonext.cli.admin;

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
    JsonNode answer = MissingNode.getInstance();
    for (String capability : grant) {
      answer = host.send("PUT", of(name) + "/grants/" + capability(capability), new byte[0]);
    }
    for (String capability : revoke) {
      answer = host.send("DELETE", of(name) + "/grants/" + capability(capability), new byte[0]);
    }
    return answer.isMissingNode() ? host.send("GET", of(name) + "/grants", new byte[0]) : answer;
  }

  private static String capability(String id) {
    if (!id.matches("[a-z0-9_]+(\\.[a-z0-9_]+)*")) {
      throw new AdminException(id + " is not the name of a capability, such as kv.read");
    }
    return id;
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
