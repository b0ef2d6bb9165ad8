package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code gonext functions}. */
@Command(
    name = "functions",
    description = "List the application's functions that plugins may call.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext functions", "  gonext functions --json"})
public final class FunctionsCommand extends AdminCommand {
  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.functions();
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("NAME", "CAPABILITY", "DESCRIPTION");
    for (JsonNode function : answer.path("functions")) {
      table.row(
          List.of("name", "capability", "description").stream()
              .map(field -> function.path(field).asString(""))
              .toList());
    }
    table.print(out, "the application offers no functions to plugins");
  }
}
