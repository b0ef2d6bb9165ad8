package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** {@code gonext uninstall}. */
@Command(
    name = "uninstall",
    description = "Delete an inactive plugin, with all versions and its data.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext uninstall hello-rust", "  gonext uninstall --keep-data hello-rust"})
public final class UninstallCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = "--keep-data",
      description = "Keep its entries and tables for the next plugin with this name.")
  private boolean keepData;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    host.send("DELETE", of(name) + "?keep_data=" + keepData, new byte[0]);
    return JsonNodeFactory.instance.objectNode().put("uninstalled", name);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(name + " is uninstalled" + (keepData ? ", its data is kept" : ""));
  }
}
