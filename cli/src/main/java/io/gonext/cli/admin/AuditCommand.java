package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext audit}. */
@Command(
    name = "audit",
    description = "Show the audit log of a plugin, newest first.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext audit hello-rust", "  gonext audit hello-rust --limit 1000 --json"})
public final class AuditCommand extends AdminCommand {
  /** The most rows in one answer of a host. */
  private static final int MOST_ROWS = 10_000;

  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = "--limit",
      paramLabel = "ROWS",
      defaultValue = "20",
      description = "How many rows to show, at most 10000 (default: ${DEFAULT-VALUE}).")
  private int limit;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    if (limit < 1 || limit > MOST_ROWS) {
      throw new ParameterException(
          spec.commandLine(), "--limit " + limit + ": give a number from 1 to " + MOST_ROWS);
    }
    return host.send("GET", path() + "/audit?limit=" + limit, new byte[0]);
  }

  /** Any name is allowed: a rejected bundle has rows under the name in its manifest. */
  private String path() {
    return "/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table = new Table("AT", "VERSION", "EVENT", "ACTOR", "DETAIL");
    for (JsonNode row : answer.path("audit")) {
      table.row(
          List.of(
              row.path("at").asString(""),
              row.path("version").asString(""),
              row.path("event").asString(""),
              row.path("actor").asString(""),
              JsonLines.line(row.path("detail"))));
    }
    table.print(out, "the audit log has no rows for " + name);
  }
}
