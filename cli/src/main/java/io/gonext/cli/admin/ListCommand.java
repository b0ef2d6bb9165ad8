package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import tools.jackson.databind.JsonNode;

/** {@code gonext list}. */
@Command(
    name = "list",
    description = "List the plugins of a running host.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext list", "  gonext list --json"})
public final class ListCommand extends AdminCommand {
  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("GET", "", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    Table table =
        new Table("NAME", "VERSION", "STATE", "PREVIOUS", "PENDING", "TRUST", "LIMITS", "CAUSE");
    for (JsonNode plugin : answer.path("plugins")) {
      table.row(
          Stream.concat(
                  Stream.of("name", "version", "state", "previous", "pending")
                      .map(field -> plugin.path(field).asString("")),
                  Stream.of(
                      trust(plugin.path("trust")),
                      limits(plugin.path("limits")),
                      plugin.path("cause").asString(plugin.path("trouble").asString(""))))
              .toList());
    }
    table.print(out, "no plugins are installed");
  }

  /** Whose a version is: {@code acme (0123456789abcdef)}, {@code unsigned}, {@code development}. */
  static String trust(JsonNode trust) {
    String status = trust.path("status").asString("");
    return switch (status) {
      case "trusted" ->
          trust
              .path("signers")
              .valueStream()
              .map(signer ->
                  signer.path("publisher").asString("")
                      + " ("
                      + signer.path("key").asString("")
                      + ")")
              .collect(Collectors.joining(", "));
      case "untrusted" -> "untrusted (" + trust.path("code").asString("") + ")";
      default -> status.replace('_', ' ');
    };
  }

  /** The limits of a plugin in service: {@code 64 MiB, 1000 ms, 1-8 instances, 5000 fuel}. */
  static String limits(JsonNode limits) {
    return limits.isObject()
        ? "%d MiB, %d ms, %d-%d instances%s"
            .formatted(
                limits.path("memory_mb").longValue(),
                limits.path("call_ms").longValue(),
                limits.path("instances_min").longValue(),
                limits.path("instances_max").longValue(),
                limits.has("fuel") ? ", " + limits.path("fuel").longValue() + " fuel" : "")
        : "";
  }
}
