package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext reset}. */
@Command(
    name = "reset",
    description = "Change a plugin from ERRORED to INACTIVE, so that it can be activated.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext reset hello-rust", "  gonext reset --json hello-rust"})
public final class ResetCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
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
