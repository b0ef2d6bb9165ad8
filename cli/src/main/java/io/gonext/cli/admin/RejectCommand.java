package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code gonext reject}. */
@Command(
    name = "reject",
    description = "Delete the version that waits for approval; the current version stays.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext reject hello-rust", "  gonext reject --sha256 6c1f... hello-rust"})
public final class RejectCommand extends WaitingCommand {
  public RejectCommand() {
    super("reject");
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(line(answer));
  }
}
