package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;

/** {@code gonext health}. */
@Command(
    name = "health",
    description = "Show whether a plugin is healthy on this host, and why not.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  gonext health hello-rust", "  gonext health --json hello-rust"})
public final class HealthCommand extends AdminCommand {
  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    return host.send("GET", of(name) + "/health", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    out.println(
        answer.path("name").asString("")
            + " "
            + answer.path("state").asString("")
            + ", "
            + (answer.path("healthy").booleanValue()
                ? "healthy"
                : answer.path("reason").asString("")));
    JsonNode warmUp = answer.path("warm_up");
    if (warmUp.isObject()) {
      out.println(
          "  the host is warming up: %d of %d plugins are done"
              .formatted(warmUp.path("done").asInt(0), warmUp.path("plugins").asInt(0)));
    }
  }
}
