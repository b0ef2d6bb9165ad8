package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code gonext approve}. */
@Command(
    name = "approve",
    description =
        "Approve a version that waits: grant the capabilities it requests, and replace the current"
            + " version with it. gonext versions shows what it requests and reaches.",
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
