package io.gonext.cli.admin;

import io.gonext.host.json.StrictJson;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** A decision about a version that waits for approval. */
abstract class WaitingCommand extends AdminCommand {
  private final String decision;

  @Parameters(paramLabel = "NAME", description = "The name of the plugin.")
  private String name;

  @Option(
      names = "--sha256",
      paramLabel = "HEX",
      description = "Decide only if the waiting bundle has this SHA-256; gonext versions shows it.")
  private @Nullable String sha256;

  /**
   * @param decision the last part of the path in the admin API
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
