package io.gonext.cli.kit;

import io.gonext.cli.output.CommandFailure;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.GuestOutput;
import io.gonext.engine.Metering;
import io.gonext.host.Host;
import io.gonext.host.RecordingException;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.ReplayLoop;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Calls of a plugin that can be made again and again: recorded by hosts, or once by a temporary
 * host.
 *
 * @param name the plugin's name
 * @param version its version, for people
 * @param module the plugin's module
 * @param calls at least one
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Rehearsed(String name, String version, byte[] module, List<Call> calls) {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  /**
   * A recording.
   *
   * @param from what it is of, for people
   */
  record Call(String from, Recording recording) {}

  /** The recordings in files and directories, for the module of a plugin. */
  static Rehearsed of(List<Path> files, PluginSource source) throws IOException {
    var calls = new ArrayList<Call>();
    for (Path file : ReplayCommand.recordings(files)) {
      try (var in = Files.newInputStream(file)) {
        calls.add(
            new Call(
                file.toString(), Recording.parse(in.readNBytes(Recording.MAX_FILE_BYTES + 1))));
      } catch (RecordingException e) {
        throw new CommandFailure(CommandFailure.Kind.FAILED, file + ": " + e.getMessage());
      }
    }
    Recording first = calls.getFirst().recording();
    return new Rehearsed(first.plugin(), first.version(), requireModule(source), calls);
  }

  /** Makes a call once in a temporary host, and records it. */
  static Rehearsed of(String what, GivenCall.Ready ready, PluginSource source)
      throws InterruptedException {
    Host host = ready.host();
    String name = ready.manifest().name();
    host.recordings().start(name, RecordingPolicy.ALL);
    var _ = ready.call();
    List<RecordingInfo> made = host.recordings().list(name);
    Recording recording =
        made.isEmpty() ? null : host.recordings().get(name, made.getFirst().id()).orElse(null);
    if (recording == null || !recording.isComplete()) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          what + " cannot be recorded whole, so it cannot be made again: it moves too much data");
    }
    host.recordings().stop(name);
    return new Rehearsed(
        name,
        ready.manifest().version().toString(),
        requireModule(source),
        List.of(new Call(what, recording)));
  }

  private static byte[] requireModule(PluginSource source) {
    byte[] module = source.module();
    if (module.length == 0) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, "the plugin has no module");
    }
    return module;
  }

  /** A loop for each call. Close them. */
  List<ReplayLoop> loops(Engine engine, Metering metering) {
    try {
      return calls.stream()
          .map(call ->
              ReplayLoop.of(engine, call.recording, module, metering, LIMIT, GuestOutput.discard()))
          .toList();
    } catch (EngineException e) {
      throw new CommandFailure(CommandFailure.Kind.FAILED, String.valueOf(e.getMessage()));
    }
  }

  /**
   * Makes the calls of one recording once.
   *
   * @throws CommandFailure when the plugin does not do what was recorded, so that the times of its
   *     calls would say nothing
   */
  ReplayLoop.Round once(ReplayLoop loop, int call) {
    ReplayLoop.Round round;
    try {
      round = loop.once();
    } catch (RecordingException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, calls.get(call).from + ": " + e.getMessage());
    }
    boolean callsOther =
        round.calls().stream()
            .anyMatch(made ->
                made.result() instanceof RecordedResult.Trap
                    && !(made.call().result() instanceof RecordedResult.Trap));
    if (callsOther) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          calls.get(call).from
              + ": this build does not make the recorded call: "
              + round.difference().orElse("it traps"),
          "make a new recording with this build, or give the hook and its value");
    }
    return round;
  }
}
