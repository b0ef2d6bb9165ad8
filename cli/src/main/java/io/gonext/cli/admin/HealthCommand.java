package io.gonext.cli.admin;

import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** {@code gonext health}. */
@Command(
    name = "health",
    description = "Show whether plugins are healthy on this host, and why not.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext health                               all plugins",
      "  gonext health hello-rust",
      "  gonext health --json hello-rust"
    })
public final class HealthCommand extends AdminCommand {
  @Parameters(
      arity = "0..1",
      paramLabel = "NAME",
      defaultValue = "",
      description = "The name of the plugin (default: all plugins).")
  private String name = "";

  @Override
  JsonNode ask(AdminClient host) throws InterruptedException {
    if (!name.isEmpty()) {
      return health(host, name);
    }
    ObjectNode all = JsonNodeFactory.instance.objectNode();
    ArrayNode plugins = all.putArray("plugins");
    for (JsonNode plugin : host.send("GET", "", new byte[0]).path("plugins")) {
      plugins.add(health(host, plugin.path("name").asString("")));
    }
    return all;
  }

  private static JsonNode health(AdminClient host, String plugin) throws InterruptedException {
    return host.send("GET", of(plugin) + "/health", new byte[0]);
  }

  @Override
  void print(JsonNode answer, PrintWriter out) {
    JsonNode plugins = answer.path("plugins");
    if (!plugins.isArray()) {
      plugin(answer, out);
      warmUp(answer, out);
      return;
    }
    if (plugins.isEmpty()) {
      out.println("no plugins are installed");
      return;
    }
    plugins.forEach(each -> plugin(each, out));
    // The same for all of them: it is the host that warms up.
    warmUp(plugins.get(0), out);
  }

  private static void plugin(JsonNode answer, PrintWriter out) {
    out.println(
        answer.path("name").asString("")
            + " "
            + answer.path("state").asString("")
            + ", "
            + (answer.path("healthy").booleanValue()
                ? "healthy"
                : answer.path("reason").asString("")));
  }

  private static void warmUp(JsonNode answer, PrintWriter out) {
    JsonNode warmUp = answer.path("warm_up");
    if (warmUp.isObject()) {
      out.println(
          "  the host is warming up: %d of %d plugins are done"
              .formatted(warmUp.path("done").asInt(0), warmUp.path("plugins").asInt(0)));
    }
  }
}
