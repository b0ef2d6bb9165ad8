package io.gonext.host;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestOutput;
import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceState;
import io.gonext.engine.Metering;
import io.gonext.host.recording.Recording;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the calls of one {@link Recording} again and again, each time from the state in which the
 * recording began: to measure them. Host functions answer from the recording, so their own time is
 * not in it.
 *
 * <p>For one thread.
 */
public final class ReplayLoop implements AutoCloseable {
  private final Replay replay;
  private final Recording recording;
  private final Duration limit;
  private final GuestOutput output;
  private @Nullable GuestInstance instance;

  private ReplayLoop(Replay replay, Recording recording, Duration limit, GuestOutput output) {
    this.replay = replay;
    this.recording = recording;
    this.limit = limit;
    this.output = output;
  }

  /**
   * Prepares a loop.
   *
   * @param engine compiles the module
   * @param wasm the plugin's module
   * @param metering what the module counts
   * @param limit how long the start and each call may take
   * @param output gets what the guest writes to its standard output and error
   * @throws EngineException when the module cannot be compiled
   */
  public static ReplayLoop of(
      Engine engine,
      Recording recording,
      byte[] wasm,
      Metering metering,
      Duration limit,
      GuestOutput output) {
    return new ReplayLoop(Replay.of(engine, wasm, metering), recording, limit, output);
  }

  /**
   * One round.
   *
   * @param calls what became of each call; those after one that ended the instance are left out
   * @param nanos how long they ran
   * @param fuel what they used; 0 if it was not counted
   * @param hostCalls how often they called the host, as recorded
   * @param touchedBytes of the 4 KiB blocks of memory that were written in the round
   */
  public record Round(
      List<ReplayedCall> calls, long nanos, long fuel, int hostCalls, long touchedBytes) {
    /** Copies the list. */
    public Round {
      calls = List.copyOf(calls);
    }

    /** The first difference from what was recorded that makes it another call. */
    public Optional<String> difference() {
      return calls.stream()
          .flatMap(call -> call.differences().stream())
          // Another build uses other fuel.
          .filter(difference -> !difference.contains("units of fuel; recorded were"))
          .findFirst();
    }
  }

  /** The module. */
  public CompiledModule module() {
    return replay.module();
  }

  /**
   * Makes the calls once.
   *
   * @throws RecordingException when the module does not start as it did
   */
  public Round once() {
    GuestInstance ready = ready();
    List<ReplayedCall> calls = replay.calls(ready, recording, limit);
    long hostCalls =
        calls.stream()
            .flatMap(call -> call.call().trace().events().stream())
            .filter(HostTrace.Called.class::isInstance)
            .count();
    return new Round(
        calls,
        calls.stream().mapToLong(ReplayedCall::nanos).sum(),
        calls.stream().mapToLong(ReplayedCall::fuel).sum(),
        (int) hostCalls,
        ready.touchedBytes());
  }

  /** The memory that the last round wrote; empty before it, and if that is not known. */
  public Optional<InstanceState> state() {
    return instance == null ? Optional.empty() : instance.stateSinceStart();
  }

  private GuestInstance ready() {
    GuestInstance known = instance;
    if (known != null && known.isUsable()) {
      known.reset();
      return known;
    }
    close();
    GuestInstance made = replay.start(recording, limit, output);
    instance = made;
    return made;
  }

  @Override
  public void close() {
    if (instance != null) {
      instance.close();
      instance = null;
    }
  }
}
