package io.gonext.cli.kit;

import io.gonext.cli.output.AtomicFile;
import io.gonext.cli.output.CommandFailure;
import io.gonext.cli.output.JsonLines;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestOutput;
import io.gonext.host.HostCalls;
import io.gonext.host.RecordingException;
import io.gonext.host.Replay;
import io.gonext.host.ReplayedCall;
import io.gonext.host.recording.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code gonext replay}: makes recorded calls again. */
@Command(
    name = "replay",
    description = {
      "Make recorded calls again, without a host.",
      "What the host answered comes from the recording. Shows the first difference",
      "of each: another call of a host function, another result, another trap,",
      "another use of fuel."
    },
    mixinStandardHelpOptions = true,
    sortOptions = false,
    footerHeading = "%nExamples:%n",
    footer = {
      "  gonext replay calls/hello-7.recording.json --plugin hello-0.1.0.gnplugin",
      "  gonext replay calls --plugin .            all of a directory, a new build",
      "  gonext replay FILE --plugin . --trace     with all that the host answered",
      "  gonext replay FILE --plugin . --update    expect this end from now on",
      "",
      "Exit codes: 0 all is as recorded, 1 there are differences, 2 wrong command line,",
      "3 a toolchain is missing."
    })
public final class ReplayCommand extends KitCommand {
  private static final String SUFFIX = ".recording.json";

  @Parameters(
      arity = "1..*",
      paramLabel = "FILE",
      description = "A recording, or a directory with files *" + SUFFIX + ".")
  private List<Path> files;

  @Option(
      names = {"--plugin", "--wasm"},
      required = true,
      paramLabel = "PATH",
      description = "The plugin: a project, a .gnplugin file or a module.")
  private Path plugin;

  @Option(
      names = "--times",
      paramLabel = "N",
      defaultValue = "1",
      description = "Replay each recording so many times (default: ${DEFAULT-VALUE}).")
  private int times;

  @Option(
      names = "--trace",
      description = "Show each call of a host function, and of a trap the memory and the globals.")
  private boolean trace;

  @Option(
      names = "--update",
      description =
          "Write what the calls end with now into the recordings, as what is expected from now on:"
              + " for a failure that the plugin no longer has. The calls of host functions must be"
              + " the recorded ones.")
  private boolean update;

  @Option(
      names = "--limit",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description = "How long a call may take (default: ${DEFAULT-VALUE}).")
  private int limitSeconds;

  @Mixin private SourceOptions options;

  @Override
  Answer answer() throws IOException, InterruptedException {
    if (times < 1) {
      throw usage("--times " + times + ": give a number from 1");
    }
    if (limitSeconds < 1) {
      throw usage("--limit " + limitSeconds + ": give a number of seconds from 1");
    }
    List<Path> recordings = recordings(files);
    byte[] module = module();
    List<String> text = new ArrayList<>();
    List<Map<String, Object>> results = new ArrayList<>();
    int different = 0;
    try (Engine engine = new Engine(EngineLimits.defaults())) {
      Replay replay = compiled(engine, module);
      for (Path file : recordings) {
        List<ReplayedCall> calls = replay(replay, file, recordings.size() == 1, text);
        boolean same = calls.stream().allMatch(call -> call.differences().isEmpty());
        if (!same && update) {
          text.add("  updated: " + file + " has what its calls end with now");
        }
        different += same ? 0 : 1;
        results.add(fields(file, calls));
      }
    }
    text.add(
        "%d recordings replayed, %d as recorded, %d different"
            .formatted(recordings.size(), recordings.size() - different, different));
    return new Answer(
        different == 0 || update ? ExitCode.OK : ExitCode.SOFTWARE,
        text,
        JsonLines.fields(
            "recordings", recordings.size(), "different", different, "results", results));
  }

  private static CommandFailure usage(String message) {
    return new CommandFailure(CommandFailure.Kind.USAGE, message);
  }

  /** The recordings that these paths name: files, or directories of them. */
  static List<Path> recordings(List<Path> files) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path file : files) {
      if (!Files.exists(file)) {
        throw usage(file + " does not exist: save recordings with gonext record NAME --save DIR");
      }
      if (!Files.isDirectory(file)) {
        all.add(file);
        continue;
      }
      try (var entries = Files.list(file)) {
        List<Path> found =
            entries.filter(entry -> entry.toString().endsWith(SUFFIX)).sorted().toList();
        if (found.isEmpty()) {
          throw usage(file + " has no file *" + SUFFIX);
        }
        all.addAll(found);
      }
    }
    return all;
  }

  private byte[] module() throws IOException, InterruptedException {
    if (plugin.toString().endsWith(".wasm")) {
      if (!Files.isRegularFile(plugin)) {
        throw usage(plugin + " is not a file: give a project, a .gnplugin file or a module");
      }
      return Files.readAllBytes(plugin);
    }
    byte[] module = PluginSource.read(plugin, options).module();
    if (module.length == 0) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, plugin + " has no module");
    }
    return module;
  }

  private Replay compiled(Engine engine, byte[] module) {
    try {
      return Replay.of(engine, module);
    } catch (EngineException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, plugin + ": " + e.getMessage());
    }
  }

  private List<ReplayedCall> replay(Replay replay, Path file, boolean isOne, List<String> text)
      throws IOException {
    List<ReplayedCall> calls = List.of();
    try (var in = Files.newInputStream(file)) {
      Recording recording = Recording.parse(in.readNBytes(Recording.MAX_FILE_BYTES + 1));
      text.add(
          file
              + ": "
              + recording.plugin()
              + "@"
              + recording.version()
              + " at "
              + recording.at()
              + (recording.isComplete() ? "" : ", not complete"));
      if (trace || isOne) {
        text.addAll(ReplayText.madeWith(recording.on()));
      }
      for (int i = 0; i < times; i++) {
        calls = replay.run(recording, Duration.ofSeconds(limitSeconds), GuestOutput.discard());
        if (calls.stream().anyMatch(call -> !call.differences().isEmpty())) {
          break;
        }
      }
      if (update && calls.stream().anyMatch(call -> !call.differences().isEmpty())) {
        AtomicFile.replace(file, replay.updated(recording, calls).file());
      }
    } catch (RecordingException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + e.getMessage());
    }
    ReplayText described = new ReplayText(trace, isOne, project());
    calls.forEach(call -> text.addAll(described.lines(call)));
    return calls;
  }

  /** Where the author's source is, if the plugin is a project. */
  private @Nullable Path project() {
    return Files.isDirectory(plugin) ? plugin : null;
  }

  private static Map<String, Object> fields(Path file, List<ReplayedCall> calls) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (ReplayedCall call : calls) {
      list.add(
          JsonLines.fields(
              "name",
              call.call().name(),
              "result",
              call.result().toString(),
              "fuel",
              call.fuel(),
              "differences",
              call.differences(),
              "host_calls",
              call.divergence()
                  .map(where ->
                      HostCalls.difference(call.call().trace(), where.at(), where.actual()))
                  .orElse(List.of())));
    }
    return JsonLines.fields("file", file.toString(), "calls", list);
  }
}
