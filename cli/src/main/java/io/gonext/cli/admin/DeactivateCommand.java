package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext deactivate}. */
@Command(
    name = "deactivate",
    description = "Stop serving a plugin, after its running calls have ended.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext deactivate hello-rust", "  gonext deactivate --cascade hello-rust"})
public final class DeactivateCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(names = "--cascade", description = "First deactivate the plugins that depend on it.")
  private boolean cascade;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("POST", of(name) + "/deactivate?cascade=" + cascade, new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(line(answer));
  }
}
