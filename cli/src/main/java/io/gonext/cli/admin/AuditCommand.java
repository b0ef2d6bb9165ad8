package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
    description = "Show the audit log, newest first: of a plugin, or of all and the host.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext audit",
      "  gonext audit hello-rust",
      "  gonext audit hello-rust --limit 1000 --json"
    })
public final class AuditCommand extends AdminCommand {
  /** The most rows in one answer of a host. */
  private static final int MOST_ROWS = 10_000;

  @Spec private CommandSpec spec;

  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The name of the plugin (default: all plugins, and the host).")
  private String name = "";

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
    if (name.isEmpty()) {
      return host.audit(limit);
    }
    return host.send("GET", path() + "/audit?limit=" + limit, new byte[0]);
  }

  /** Any name is allowed: a rejected bundle has rows under the name in its manifest. */
  private String path() {
    return "/" + URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    boolean all = name.isEmpty();
    Table table =
        all
            ? new Table("AT", "PLUGIN", "VERSION", "EVENT", "ACTOR", "DETAIL")
            : new Table("AT", "VERSION", "EVENT", "ACTOR", "DETAIL");
    for (JsonNode row : answer.path("audit")) {
      List<String> cells = new ArrayList<>();
      cells.add(row.path("at").asString(""));
      if (all) {
        cells.add(row.path("plugin").asString(""));
      }
      cells.add(row.path("version").asString(""));
      cells.add(row.path("event").asString(""));
      cells.add(row.path("actor").asString(""));
      cells.add(JsonLines.line(row.path("detail")));
      table.row(cells);
    }
    table.print(out, "the audit log has no rows" + (all ? "" : " for " + name));
  }
}
