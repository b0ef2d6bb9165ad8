package io.gonext.cli.admin;

import io.gonext.host.json.StrictJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A decision on a version that waits for approval. */
abstract class WaitingCommand extends AdminCommand {
  private final String decision;

  @Parameters(paramLabel = "NAME", description = "The plugin.")
  private String name;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "Only if the bundle that waits is this one, as gonext versions shows it.")
  private @Nullable String sha256;

  /**
   * @param decision as the admin API calls it
   */
  WaitingCommand(String decision) {
    this.decision = decision;
  }

  @Override
  final JsonNode ask(AdminClient host) throws InterruptedException {
    byte[] body =
        sha256 == null
            ? new byte[0]
            : StrictJson.write(JsonNodeFactory.instance.objectNode().put("sha256", sha256));
    return host.send("POST", of(name) + "/" + decision, body);
  }
}
