package io.gonext.cli.admin;

import io.gonext.cli.output.JsonLines;
import java.io.PrintWriter;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.JsonNode;

/** {@code gonext invalidations}. */
@Command(
    name = "invalidations",
    description = "Show the newest cache invalidations of plugins; with -f, new ones as they come.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext invalidations", "  gonext invalidations -f --json"})
public final class InvalidationsCommand extends AdminCommand {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-f", "--follow"},
      description = "Show new invalidations until Ctrl-C. Reconnects by itself.")
  private boolean follow;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.invalidations();
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    for (JsonNode invalidation : answer.path("invalidations")) {
      printLine(invalidation, out);
    }
  }

  private static void printLine(JsonNode event, PrintWriter out) {
    out.println(
        event.has("missed")
            ? "some invalidations are no longer kept: all cached entries may be stale"
            : "%s %s %s %s"
                .formatted(
                    event.path("id"),
                    event.path("at").asString(""),
                    event.path("plugin").asString(""),
                    event
                        .path("tags")
                        .valueStream()
                        .map(tag -> tag.asString(""))
                        .collect(Collectors.joining(", "))));
    out.flush();
  }

  @Override
  int run(AdminClient host, PrintWriter people, @Nullable JsonLines lines)
      throws InterruptedException {
    if (!follow) {
      return super.run(host, people, lines);
    }
    Consumer<JsonNode> printer = lines == null ? event -> printLine(event, people) : lines::print;
    return new Following(host, spec.commandLine().getErr())
        .run(
            AdminClient.INVALIDATIONS,
            event -> {
              // The event "ready" is empty.
              if (!event.isEmpty()) {
                printer.accept(event);
              }
            });
  }
}
