package io.gonext.cli.kit;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * What a command makes again and again: one call, as {@link GivenCall} has it, or the calls of
 * recordings.
 */
final class RepeatedCall {
  @Parameters(index = "0", paramLabel = "PLUGIN", description = "A project or a .gnplugin file.")
  private Path plugin;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "KIND",
      description = "filter, action, job or an HTTP method.")
  private GivenCall.@Nullable Kind kind;

  @Parameters(
      index = "2",
      arity = "0..1",
      paramLabel = "HOOK",
      description = "The name of the hook or job, or the path of the route.")
  private @Nullable String hook;

  @Option(
      names = "--replay",
      paramLabel = "FILE",
      description =
          "Recordings in place of a hook: a file, or a directory of them. Repeatable. Functions of"
              + " the host take no time then.")
  private List<Path> replay = new ArrayList<>();

  @Mixin private GivenCall given;

  /** Checks the command line: one call with its options, or recordings without these. */
  void check() {
    if (isRecorded()) {
      given.requireNone(kind);
    } else {
      given.of(plugin, kind, hook);
    }
  }

  boolean isRecorded() {
    return !replay.isEmpty();
  }

  boolean isJob() {
    return kind == GivenCall.Kind.JOB;
  }

  /** Reads the plugin; builds it first if it is a project. */
  PluginSource source() throws IOException, InterruptedException {
    return source(plugin);
  }

  /** Reads another build of it. */
  PluginSource source(Path build) throws IOException, InterruptedException {
    return given.source(build);
  }

  /** A temporary host with the plugin in service, for the one call. */
  GivenCall.Ready start(PluginSource source, Consumer<String> notes)
      throws IOException, InterruptedException {
    return given.start(source, notes, (_, _) -> {});
  }

  /** The calls of the recordings, or the one call, which is recorded for that. */
  Rehearsed rehearsed(PluginSource source, Consumer<String> notes)
      throws IOException, InterruptedException {
    if (isRecorded()) {
      return Rehearsed.of(replay, source);
    }
    try (GivenCall.Ready ready = start(source, notes)) {
      return Rehearsed.of(given.toString(), ready, source);
    }
  }
}
