package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext reset}. */
@Command(
    name = "reset",
    description = "Make an ERRORED plugin INACTIVE, so that it can be activated again.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext reset hello-rust", "  gonext reset --json hello-rust"})
public final class ResetCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/reset", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(line(answer));
  }
}
