package io.gonext.cli.kit;

import io.gonext.cli.build.AuthorFiles;
import io.gonext.cli.output.CommandFailure;
import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The configuration and the secrets that a command line gives a plugin in a temporary host. */
final class GivenSettings {
  /** What begins like JSON is not the name of a file. */
  private static final Pattern JSON = Pattern.compile("\\s*[\\[{\"]");

  @Option(
      names = "--config",
      paramLabel = "FILE|JSON",
      description =
          "The plugin's configuration: a file, or a JSON object (default: "
              + AuthorFiles.CONFIG
              + " in the project).")
  private @Nullable String config;

  @Option(
      names = "--secrets",
      paramLabel = "FILE",
      description = {
        "Values of the plugin's secrets, or the variables",
        "that hold them, as in " + AuthorFiles.SECRETS,
        "(default: that file in the project)."
      })
  private @Nullable Path secrets;

  /** What was read, before there is a host. */
  static final class Read {
    private final Manifest manifest;
    private final Optional<ObjectNode> config;
    private final Map<String, String> secrets;

    private Read(Manifest manifest, Optional<ObjectNode> config, Map<String, String> secrets) {
      this.manifest = manifest;
      this.config = config;
      this.secrets = secrets;
    }

    /**
     * Gives it to the plugin, which is installed. A configuration that does not fit ends the
     * command.
     *
     * @param notes gets warnings for people
     */
    void give(Host host, Consumer<String> notes) {
      config.ifPresent(values -> configure(host, manifest, values, notes));
      secrets.forEach((name, content) ->
          host.secrets().set(manifest.name(), name, content.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** What the options say, or the project's files. A secret that is missing ends the command. */
  Read read(Path plugin, Manifest manifest) {
    return new Read(manifest, config(plugin), secrets(plugin, manifest));
  }

  private Optional<ObjectNode> config(Path plugin) {
    if (config == null) {
      return Files.isDirectory(plugin) ? AuthorFiles.config(plugin) : Optional.empty();
    }
    if (!JSON.matcher(config).lookingAt()) {
      Path file = Path.of(config);
      if (!Files.exists(file)) {
        throw new CommandFailure(
            CommandFailure.Kind.USAGE,
            "--config " + config + " is neither a file nor a JSON object");
      }
      return Optional.of(AuthorFiles.object(file));
    }
    if (json("--config", config) instanceof ObjectNode values) {
      return Optional.of(values);
    }
    throw new CommandFailure(
        CommandFailure.Kind.USAGE,
        "--config " + config + " is not an object: give one, such as {\"key\":\"value\"}");
  }

  /** The secrets in the file that the option names, or in the project's. */
  private Map<String, String> secrets(Path plugin, Manifest manifest) {
    Map<String, String> environment = System.getenv();
    Map<String, String> held = Map.of();
    if (secrets != null) {
      held = AuthorFiles.secretsOf(secrets, manifest, environment);
    } else if (Files.isDirectory(plugin)) {
      held = AuthorFiles.secrets(plugin, manifest, environment);
    }
    for (Manifest.Secret secret : manifest.secrets()) {
      if (secret.required() && !held.containsKey(secret.name())) {
        throw new CommandFailure(
            CommandFailure.Kind.FAILED,
            manifest.id() + " starts only with the secret " + secret.name(),
            "write it into "
                + AuthorFiles.SECRETS
                + ", or another file for --secrets: {\""
                + secret.name()
                + "\": {\"env\": \"MY_VARIABLE\"}}");
      }
    }
    return held;
  }

  private static void configure(
      Host host, Manifest manifest, ObjectNode values, Consumer<String> notes) {
    try {
      host.configs()
          .replace(manifest.name(), OptionalLong.empty(), values)
          .warnings()
          .forEach(warning -> notes.accept("warning: " + warning));
    } catch (InvalidConfigException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          "the configuration does not match config.schema of the manifest:",
          e.problems().stream().map(problem -> "- " + problem).toList());
    } catch (ConflictException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, e.getMessage());
    }
  }

  static JsonNode json(String option, String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new CommandFailure(
          CommandFailure.Kind.USAGE,
          option + " " + text + " is not JSON (" + e.getMessage() + ")",
          "put a text in double quotes: " + option + " '\"text\"'");
    }
  }
}
