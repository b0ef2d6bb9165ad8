package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext rollback}. */
@Command(
    name = "rollback",
    description = "Go back to the previous version of a plugin.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext rollback hello-rust", "  gonext rollback --json hello-rust"})
public final class RollbackCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/rollback", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    UpdateCommand.printUpdate(answer, out);
  }
}
