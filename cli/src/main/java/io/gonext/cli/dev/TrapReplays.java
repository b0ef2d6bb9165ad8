package io.gonext.cli.dev;

import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.EngineLimits;
import io.gonext.engine.GuestOutput;
import io.gonext.host.ConflictException;
import io.gonext.host.Host;
import io.gonext.host.HostCalls;
import io.gonext.host.RecordingException;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.Replay;
import io.gonext.host.ReplayedCall;
import io.gonext.host.recording.RecordedResult.Trap;
import io.gonext.host.recording.Recording;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Records the calls of the live plugin that fail, and replays the last that trapped against each
 * new build. Only for the host of this process. Replays run one after another on a thread of this
 * class.
 *
 * <p>Thread-safe.
 */
final class TrapReplays implements DevOutput {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final DevOutput output;
  private final Supplier<Optional<Host>> host;
  private final ExecutorService replays =
      Executors.newSingleThreadExecutor(Thread.ofPlatform().daemon().name("replays").factory());

  /** What went live last. */
  private volatile @Nullable Artifact live;

  /**
   * @param output gets all events, and those of replays
   * @param host the host of this process; empty if the loop uploads to another
   */
  TrapReplays(DevOutput output, Supplier<Optional<Host>> host) {
    this.output = output;
    this.host = host;
  }

  @Override
  public void emit(DevEvent event) {
    output.emit(event);
    if (event instanceof DevEvent.Live went) {
      live = went.artifact();
      if (!went.isUnchanged()) {
        replays.execute(() -> replayed(went.artifact(), false));
      }
    }
  }

  /** Records from now on what fails; the host has the plugin. */
  void record(String plugin) {
    host.get()
        .filter(own -> own.recordings().policy(plugin).isEmpty())
        .ifPresent(own -> {
          try {
            own.recordings().start(plugin, new RecordingPolicy(true, Optional.empty(), 0));
          } catch (ConflictException e) {
            // It was uninstalled in this moment: the next upload records it.
            output.emit(new DevEvent.Warning(e.getMessage()));
          }
        });
  }

  /** Replays the last trap against what is live, for the user who asked. */
  void again() {
    Artifact now = live;
    if (host.get().isEmpty()) {
      output.emit(
          new DevEvent.Warning("only a host that this command starts itself keeps the last trap"));
    } else if (now == null || trapped(now).isEmpty()) {
      output.emit(new DevEvent.Warning("no call has trapped yet"));
    } else {
      replays.execute(() -> replayed(now, true));
    }
  }

  /** The newest recording whose last call trapped. */
  private Optional<Recording> trapped(Artifact artifact) {
    String plugin = artifact.manifest().name();
    return host.get().stream()
        .flatMap(own ->
            own.recordings().list(plugin).stream()
                .map(RecordingInfo::id)
                .flatMap(id -> own.recordings().get(plugin, id).stream()))
        .filter(recording -> recording.calls().getLast().result() instanceof Trap)
        .findFirst();
  }

  /**
   * @param asked whether the user asked, and sees more than a line
   */
  private void replayed(Artifact artifact, boolean asked) {
    trapped(artifact).ifPresent(recording -> output.emit(replay(recording, artifact, asked)));
  }

  private static DevEvent.TrapReplayed replay(
      Recording recording, Artifact artifact, boolean asked) {
    String hook = recording.calls().getLast().name();
    String code = recording.reason();
    List<ReplayedCall> calls;
    try (Engine engine = new Engine(EngineLimits.defaults())) {
      calls = Replay.of(engine, artifact.wasm()).run(recording, LIMIT, GuestOutput.discard());
    } catch (RecordingException | EngineException e) {
      return new DevEvent.TrapReplayed(
          hook,
          code,
          DevEvent.TrapReplayed.End.UNKNOWN,
          String.valueOf(e.getMessage()),
          null,
          List.of());
    }
    ReplayedCall last = calls.getLast();
    if (last.result() instanceof Trap trap && last.isAnswered()) {
      return new DevEvent.TrapReplayed(
          hook, code, DevEvent.TrapReplayed.End.STILL, "", asked ? trap : null, List.of());
    }
    if (!last.isAnswered() && last.divergence().isPresent()) {
      ReplayedCall.Divergence where = last.divergence().get();
      return new DevEvent.TrapReplayed(
          hook,
          code,
          DevEvent.TrapReplayed.End.UNKNOWN,
          "it asks the host for something else before: call it once more",
          null,
          asked
              ? HostCalls.difference(last.call().trace(), where.at(), where.actual())
              : List.of());
    }
    return new DevEvent.TrapReplayed(
        hook, code, DevEvent.TrapReplayed.End.GONE, last.result().toString(), null, List.of());
  }

  @Override
  public void close() {
    replays.shutdownNow();
  }
}
