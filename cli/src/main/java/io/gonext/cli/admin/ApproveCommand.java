package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext approve}. */
@Command(
    name = "approve",
    description = "Grant a waiting version what it asks for, and put it in service.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext approve hello-rust",
      "  gonext approve --url http://staging:8080 --token T hello-rust"
    })
public final class ApproveCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/approve", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    UpdateCommand.printUpdate(answer, out);
  }
}
