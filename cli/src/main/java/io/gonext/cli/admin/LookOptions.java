package io.gonext.cli.admin;

import io.gonext.cli.profile.TimeConverter;
import io.gonext.host.json.StrictJson;
import java.time.Duration;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.node.JsonNodeFactory;

/** For how long a host looks at a plugin that serves. */
final class LookOptions {
  private static final Duration MOST = Duration.ofSeconds(60);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--duration",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = TimeConverter.class,
      description = "How long to look, from 1s to 60s (default: ${DEFAULT-VALUE}).")
  private Duration duration;

  /** The body of the request to the host. */
  byte[] request() {
    if (duration.toSeconds() < 1
        || duration.compareTo(MOST) > 0
        || !duration.equals(Duration.ofSeconds(duration.toSeconds()))) {
      throw new ParameterException(
          command.commandLine(), "--duration: a host looks for whole seconds, from 1s to 60s");
    }
    return StrictJson.write(
        JsonNodeFactory.instance.objectNode().put("seconds", duration.toSeconds()));
  }
}
