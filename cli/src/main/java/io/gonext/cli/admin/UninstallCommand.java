package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code gonext uninstall}. */
@Command(
    name = "uninstall",
    description = "Remove a plugin that is not in service, its versions and its data.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext uninstall hello-rust",
      "  gonext uninstall --data /var/lib/gonext hello-rust"
    })
public final class UninstallCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    host.send("DELETE", of(name), new byte[0]);
    return JsonNodeFactory.instance.objectNode().put("uninstalled", name);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(name + " is uninstalled");
  }
}
