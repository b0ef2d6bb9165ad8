package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext calls}. */
@Command(
    name = "calls",
    description = {
      "Show the last calls of this host that were slow, late or failed.",
      "A call is slow when it takes more than 100 ms. Also shows where the time went;",
      "with -f, also new calls as they come."
    },
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext calls",
      "  gonext calls hello-rust --why failed",
      "  gonext calls -f --json"
    })
public final class CallsCommand extends AdminCommand {
  /** Why a call is recorded, in lower case as on the command line. */
  private enum Why {
    SLOW,
    LATE,
    FAILED;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "NAME",
      arity = "0..1",
      description = "The name of the plugin; of all plugins if it is not given.")
  private @Nullable String name;

  @Option(
      names = {"-f", "--follow"},
      description = "Show new calls until Ctrl-C. Reconnects by itself.")
  private boolean follow;

  @Option(
      names = "--why",
      paramLabel = "REASON",
      description = "Show only calls recorded for this reason: slow, late or failed.")
  private @Nullable Why why;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.calls(query());
  }

  private String query() {
    StringBuilder query = new StringBuilder();
    if (name != null) {
      query.append("?plugin=").append(URLEncoder.encode(name, StandardCharsets.UTF_8));
    }
    if (why != null) {
      query.append(query.isEmpty() ? '?' : '&').append("why=").append(why);
    }
    return query.toString();
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    for (JsonNode call : answer.path("calls")) {
      printCall(call, out);
    }
    if (answer.path("calls").isEmpty()) {
      out.println("no call was slow, late or failed lately");
    }
  }

  private static void printCall(JsonNode call, PrintWriter out) {
    out.println(
        "%s %s@%s %s %s %s: %s ms (waiting for an instance %s, guest %s, host %s)%s"
            .formatted(
                call.path("at").asString(""),
                call.path("plugin").asString(""),
                call.path("version").asString(""),
                call.path("handler").asString(""),
                call.path("why").asString(""),
                call.path("outcome").asString(""),
                millis(call, "took_us"),
                millis(call, "queued_us"),
                millis(call, "guest_us"),
                millis(call, "host_us"),
                call.has("trace_id") ? " trace " + call.path("trace_id").asString("") : ""));
    if (call.has("reason")) {
      out.println("    " + call.path("reason").asString(""));
    }
    for (JsonNode frame : call.path("backtrace")) {
      out.println("      at " + frame.asString(""));
    }
    if (call.has("recording")) {
      out.println(
          "    recording %s: gonext record %s --save calls"
              .formatted(call.path("recording").asString(""), call.path("plugin").asString("")));
    }
    out.flush();
  }

  private static String millis(JsonNode call, String field) {
    return String.format(Locale.ROOT, "%.1f", call.path(field).asLong(0) / 1000.0);
  }

  @Override
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    if (!follow) {
      return super.run(host, people, lines);
    }
    Consumer<JsonNode> printer = lines == null ? call -> printCall(call, people) : lines::print;
    return new Following(host, spec.commandLine().getErr())
        .run(AdminClient.CALLS + query(), printer);
  }
}
