package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code gonext approve}. */
@Command(
    name = "approve",
    description =
        "Grant a waiting version what it asks for, and put it in the place of the current one;"
            + " gonext versions shows what it asks for.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext approve hello-rust", "  gonext approve --sha256 6c1f... hello-rust"})
public final class ApproveCommand extends WaitingCommand {
  public ApproveCommand() {
    super("approve");
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    UpdateCommand.printUpdate(answer, out);
  }
}
