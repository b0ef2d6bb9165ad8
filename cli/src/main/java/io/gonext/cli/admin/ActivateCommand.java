package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext activate}. */
@Command(
    name = "activate",
    description = "Start to serve an installed plugin, now and each time the host starts.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext activate hello-rust", "  gonext activate --json hello-rust"})
public final class ActivateCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/activate", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(line(answer));
    warnings(answer, out);
  }
}
