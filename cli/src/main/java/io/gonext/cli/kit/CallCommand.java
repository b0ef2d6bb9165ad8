package io.gonext.cli.kit;

import io.gonext.cli.dev.DevFailure;
import io.gonext.host.Host;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import io.gonext.pool.PoolStats;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** {@code gonext plugin call}: one hook, in a host of this process alone. */
@Command(
    name = "call",
    description = "Call one hook of a plugin in a host that lives for this call.",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext plugin call . filter the_content --value '\"*hi*\"'",
      "  gonext plugin call hello-0.1.0.gnplugin action save_post --arg 42",
      "  gonext plugin call --json . filter the_content --value null --arg '{\"id\":7}'",
      "",
      "Values are JSON, so a text has quotes of its own. The result goes to stdout; what the"
          + " plugin",
      "logs and the time it took go to stderr. The plugin is granted what it asks for.",
      KitCommand.EXIT_CODES
    })
final class CallCommand extends KitCommand {
  private enum Kind {
    FILTER,
    ACTION
  }

  @Parameters(index = "0", paramLabel = "PLUGIN", description = "A project or a .gnplugin file.")
  private Path plugin;

  @Parameters(index = "1", paramLabel = "KIND", description = "filter or action.")
  private Kind kind;

  @Parameters(index = "2", paramLabel = "HOOK", description = "The hook's name.")
  private String hook;

  @Option(names = "--value", paramLabel = "JSON", description = "What a filter is given.")
  private @Nullable String value;

  @Option(names = "--arg", paramLabel = "JSON", description = "A further argument; once for each.")
  private List<String> arguments = new ArrayList<>();

  @Mixin private SourceOptions options;

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (kind == Kind.ACTION && value != null) {
      throw new DevFailure(
          DevFailure.Kind.USAGE, "an action has no --value: give its arguments with --arg");
    }
    JsonNode given = value == null ? NullNode.getInstance() : json("--value", value);
    Object[] further = arguments.stream().map(text -> json("--arg", text)).toArray();
    PluginSource source = PluginSource.read(plugin, options);
    Manifest manifest = source.requireAcceptable();
    requireHook(manifest);
    List<Map<String, Object>> logs = Collections.synchronizedList(new ArrayList<>());
    try (TrialHost trial = TrialHost.open()) {
      Host host = trial.host();
      host.install(source.bundle());
      host.grantRequested(manifest.name());
      host.listen(
          manifest.name(),
          (level, line) -> {
            logs.add(Answer.fields("level", level.toString(), "message", line));
            note("[" + level.toString().toLowerCase(Locale.ROOT) + "] " + line);
          });
      host.activate(manifest.name());
      long begin = System.nanoTime();
      JsonNode result = call(host, given, further);
      double millis = Math.round((System.nanoTime() - begin) / 1e3) / 1e3;
      PoolStats pool = host.pool(manifest.name()).orElseThrow();
      long memory = pool.live() == 0 ? 0 : pool.bytes() / pool.live();
      note(
          String.format(
              Locale.ROOT,
              "%s %s of %s: %.3f ms, the first call of a new instance that holds %s",
              kind.name().toLowerCase(Locale.ROOT),
              hook,
              manifest.id(),
              millis,
              Sizes.text(memory)));
      return new Answer(
          ExitCode.OK,
          kind == Kind.FILTER
              ? List.of(new String(StrictJson.write(result), StandardCharsets.UTF_8))
              : List.of(),
          Answer.fields(
              "plugin",
              manifest.id(),
              "hook",
              hook,
              "result",
              result,
              "ms",
              millis,
              "instance_bytes",
              memory,
              "logs",
              List.copyOf(logs)));
    }
  }

  /** The result, which is null for an action; a handler that fails ends the command. */
  private JsonNode call(Host host, JsonNode given, Object[] further) throws InterruptedException {
    CallOptions closed = CallOptions.DEFAULT.withFailClosed();
    if (kind == Kind.FILTER) {
      return host.applyFilters(closed, hook, given, further).value();
    }
    host.doAction(closed, hook, further);
    return NullNode.getInstance();
  }

  /** A host would pass the value on unchanged, which looks like an answer. */
  private void requireHook(Manifest manifest) {
    List<String> there =
        (kind == Kind.FILTER ? manifest.filters() : manifest.actions())
            .stream().map(Manifest.Hook::name).toList();
    if (!there.contains(hook)) {
      String what = kind.name().toLowerCase(Locale.ROOT);
      throw new DevFailure(
          DevFailure.Kind.USAGE,
          manifest.id()
              + " has no "
              + what
              + " "
              + hook
              + " in its manifest.json, "
              + (there.isEmpty() ? "and no " + what + " at all" : "only " + there));
    }
  }

  private static JsonNode json(String option, String text) {
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      throw new DevFailure(
          DevFailure.Kind.USAGE,
          option + " " + text + " is no JSON (" + e.getMessage() + ")",
          "a text has quotes of its own: " + option + " '\"text\"'");
    }
  }
}
