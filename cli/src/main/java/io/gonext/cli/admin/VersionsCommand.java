package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext versions}. */
@Command(
    name = "versions",
    description = "Show the versions of a plugin, and what a waiting version requests and reaches.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext versions hello-rust", "  gonext versions --json hello-rust"})
public final class VersionsCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("GET", of(name) + "/versions", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("VERSION", "ROLE", "INSTALLED", "TRUST", "SHA256");
    for (JsonNode version : answer.path("versions")) {
      table.row(
          List.of(
              version.path("version").asString(""),
              version.path("role").asString(""),
              version.path("installed_at").asString(""),
              ListCommand.trust(version.path("trust")),
              version.path("sha256").asString("")));
    }
    table.print(out, "no versions");
    answer.path("versions").forEach(version -> UpdateCommand.printChanges(version, out));
  }
}
