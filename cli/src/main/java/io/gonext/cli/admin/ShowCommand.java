package io.gonext.cli.admin;

import io.gonext.cli.output.Table;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext show}. */
@Command(
    name = "show",
    description =
        "Show a plugin on this host: hooks with priorities, routes, metrics, limits, calls,"
            + " last failures.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext show hello-rust", "  gonext show --json hello-rust"})
public final class ShowCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("GET", of(name), new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(line(answer));
    out.println("  sha256     " + answer.path("sha256").asString(""));
    out.println("  installed  " + answer.path("installed_at").asString(""));
    out.println("  trust      " + trust(answer.path("trust")));
    tell(answer, "trouble", out);
    tell(answer, "previous", out);
    tell(answer, "pending", out);
    tell(answer, "manifest_problem", out);
    hooks(answer.path("hooks").path("filters"), "filter", out);
    hooks(answer.path("hooks").path("actions"), "action", out);
    for (JsonNode route : answer.path("routes")) {
      out.println(
          "  route      "
              + route.path("method").asString("")
              + " "
              + route.path("path").asString(""));
    }
    for (JsonNode metric : answer.path("metrics")) {
      out.println("  metric     " + metric(metric));
    }
    locales(answer, out);
    JsonNode limits = answer.path("limits");
    if (limits.isObject()) {
      out.println("  limits     " + ListCommand.limits(limits));
    }
    calls(answer.path("calls"), out);
    failures(answer.path("failures"), out);
  }

  private static String trust(JsonNode trust) {
    String checked = trust.path("checked_at").asString("");
    return ListCommand.trust(trust)
        + ", from "
        + trust.path("origin").asString("")
        + (checked.isEmpty() ? "" : ", checked " + checked);
  }

  private static void tell(JsonNode answer, String field, PrintWriter out) {
    String value = answer.path(field).asString("");
    if (!value.isEmpty()) {
      out.println("  %-10s %s".formatted(field.replace('_', ' '), value));
    }
  }

  private static void hooks(JsonNode hooks, String kind, PrintWriter out) {
    for (JsonNode hook : hooks) {
      out.println(
          "  %-10s %s, priority %d%s"
              .formatted(
                  kind,
                  hook.path("name").asString(""),
                  hook.path("priority").longValue(),
                  hook.path("batch").booleanValue() ? ", in batches" : ""));
    }
  }

  private static String metric(JsonNode metric) {
    String unit = metric.path("unit").asString("");
    String labels = names(metric.path("labels"));
    return metric.path("name").asString("")
        + ", "
        + metric.path("kind").asString("")
        + (unit.isEmpty() ? "" : " in " + unit)
        + (labels.isEmpty() ? "" : ", labels: " + labels);
  }

  private static void locales(JsonNode answer, PrintWriter out) {
    String locales = names(answer.path("locales"));
    if (!locales.isEmpty()) {
      String fallback = answer.path("default_locale").asString("");
      out.println("  locales    " + locales + (fallback.isEmpty() ? "" : ", default: " + fallback));
    }
  }

  private static String names(JsonNode names) {
    return names.valueStream().map(JsonNode::asString).collect(Collectors.joining(", "));
  }

  private static void calls(JsonNode calls, PrintWriter out) {
    List<String> parts = new ArrayList<>();
    if (calls.has("made")) {
      parts.add(calls.path("made").longValue() + " made");
      parts.add(calls.path("running").longValue() + " running");
      parts.add(calls.path("waiting").longValue() + " waiting");
      long instances = calls.path("instances").longValue();
      parts.add(instances + (instances == 1 ? " instance" : " instances"));
    }
    parts.add(calls.path("failed").longValue() + " failed");
    out.println("  calls      " + String.join(", ", parts));
  }

  private static void failures(JsonNode failures, PrintWriter out) {
    if (failures.isEmpty()) {
      return;
    }
    out.println();
    Table table = new Table("FAILED AT", "VERSION", "HOOK", "CODE", "REASON");
    for (JsonNode failure : failures) {
      table.row(
          List.of(
              failure.path("at").asString(""),
              failure.path("version").asString(""),
              failure.path("hook").asString(""),
              failure.path("code").asString(""),
              failure.path("message").asString("")));
    }
    table.print(out, "");
  }
}
