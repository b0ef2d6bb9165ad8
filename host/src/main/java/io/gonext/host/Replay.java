package io.gonext.host;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.Engine;
import io.gonext.engine.EngineException;
import io.gonext.engine.FuelBudget;
import io.gonext.engine.FunctionImport;
import io.gonext.engine.GuestFrame;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestOutput;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostFunction;
import io.gonext.engine.HostReplay;
import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceConfig;
import io.gonext.engine.InstanceState;
import io.gonext.engine.Metering;
import io.gonext.engine.PackedModule;
import io.gonext.engine.RunLimits;
import io.gonext.host.internal.abi.AbiTable;
import io.gonext.host.internal.abi.CallResults;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.abi.ImportRow;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.RecordedResult.Answer;
import io.gonext.host.recording.RecordedResult.Done;
import io.gonext.host.recording.RecordedResult.Status;
import io.gonext.host.recording.RecordedResult.Trap;
import io.gonext.host.recording.Recording;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Makes the calls of a {@link Recording} again, with a module, without a host: the answers of host
 * functions come from the recording.
 *
 * <p>The module may be another build. Then the replay shows the first call of a host function that
 * differs, and the result. Offsets of code and numbers of units of fuel are compared only if it is
 * the same build: the module of the recording, or the same with debug information.
 *
 * <p>Thread-safe.
 */
public final class Replay {
  /** Ends that depend on the machine: a replay need not end so. */
  private static final Set<String> OF_THE_MACHINE =
      Set.of("DEADLINE", "WAIT_LIMIT", "INTERRUPTED", "STACK_EXHAUSTED");

  private final CompiledModule module;

  /** Of the module without debug information. */
  private final String packedSha256;

  private Replay(CompiledModule module, String packedSha256) {
    this.module = module;
    this.packedSha256 = packedSha256;
  }

  /**
   * Replays with a module, and counts its fuel.
   *
   * @param engine compiles the module
   * @param wasm the plugin's module
   * @throws EngineException when the module cannot be compiled
   */
  public static Replay of(Engine engine, byte[] wasm) {
    return of(engine, wasm, Metering.FUEL);
  }

  static Replay of(Engine engine, byte[] wasm, Metering metering) {
    return new Replay(engine.compile(wasm, metering), sha256(PackedModule.of(wasm)));
  }

  CompiledModule module() {
    return module;
  }

  /**
   * Replays a recording.
   *
   * @param limit how long the start and each call may take
   * @param output gets what the guest writes to its standard output and error
   * @return one for each call; calls after one that ended the instance are left out
   * @throws RecordingException when the module does not start as it did
   */
  public List<ReplayedCall> run(Recording recording, Duration limit, GuestOutput output) {
    try (GuestInstance instance = start(recording, limit, output)) {
      return calls(instance, recording, limit);
    }
  }

  /** Starts an instance as the recording's was started. */
  GuestInstance start(Recording recording, Duration limit, GuestOutput output) {
    InstanceConfig config =
        InstanceConfig.builder()
            .hostFunctions(module.imports().stream().flatMap(i -> function(i).stream()).toList())
            .output(output)
            .maxMemoryPages(recording.memoryPages())
            .startTimeout(limit)
            .startReplay(recording.start())
            .build();
    try {
      return module.instantiate(config);
    } catch (IllegalStateException e) {
      throw new RecordingException(String.valueOf(e.getMessage()));
    } catch (GuestTrap trap) {
      throw new RecordingException("the module does not start: " + trap.getMessage());
    }
  }

  /** Makes the calls with an instance that is as after its start. */
  List<ReplayedCall> calls(GuestInstance instance, Recording recording, Duration limit) {
    boolean sameBuild = isSameBuild(recording);
    List<ReplayedCall> replayed = new ArrayList<>();
    recording.state().ifPresent(state -> apply(state, instance));
    for (RecordedCall call : recording.calls()) {
      replayed.add(replay(instance, call, sameBuild, limit));
      if (!instance.isUsable()) {
        break;
      }
    }
    return replayed;
  }

  /**
   * The recording with the ends of a replay, as what is expected from now on.
   *
   * @param replayed the answer of {@link #run} for this recording
   * @throws RecordingException when the module made calls of host functions that the recording does
   *     not answer
   */
  public Recording updated(Recording recording, List<ReplayedCall> replayed) {
    List<RecordedCall> calls = new ArrayList<>();
    String reason = "OK";
    for (ReplayedCall one : replayed) {
      if (!one.isAnswered()) {
        throw new RecordingException(
            "it cannot be updated: the recording does not answer what the module asks the host for"
                + " now; record the call once more");
      }
      RecordedCall call = one.call();
      List<HostTrace.Event> events =
          new ArrayList<>(call.trace().events().subList(0, one.replayedEvents()));
      events.addAll(one.more());
      calls.add(
          new RecordedCall(
              call.isJob(),
              call.name(),
              call.payload(),
              new HostTrace(events, call.trace().isComplete()),
              one.result(),
              call.fuel().isPresent() ? OptionalLong.of(one.fuel()) : OptionalLong.empty()));
      if (one.result() instanceof Trap trap) {
        reason = trap.code();
      }
    }
    return new Recording(
        recording.plugin(),
        recording.version(),
        packedSha256,
        recording.on(),
        recording.at(),
        reason,
        recording.memoryPages(),
        recording.start(),
        recording.state(),
        calls);
  }

  private static void apply(InstanceState state, GuestInstance instance) {
    try {
      instance.applyState(state);
    } catch (IllegalArgumentException e) {
      throw new RecordingException(
          "the instance kept state from earlier calls, and the module is another one: "
              + e.getMessage());
    }
  }

  /** A function whose answers come from the recording. */
  private static Optional<HostFunction> function(FunctionImport wanted) {
    if (wanted.isWasi()) {
      return Optional.empty();
    }
    HostFunction function =
        HostFunction.of(
            wanted.module(),
            wanted.name(),
            wanted.type(),
            (call, args) -> {
              throw new IllegalStateException("only a recording answers");
            });
    ImportRow row = AbiTable.v1().find(new ImportKey(wanted.module(), wanted.name()));
    return Optional.of(row != null && row.allowedInAllocator() ? function.inAllocator() : function);
  }

  private boolean isSameBuild(Recording recording) {
    return recording.moduleSha256().equals(module.sha256())
        || recording.moduleSha256().equals(packedSha256);
  }

  private static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java machine has SHA-256", e);
    }
  }

  /** Whether a function only takes note of something, so that nobody has to answer it. */
  private static boolean onlyLogs(String function) {
    return function.equals("env.gn_log")
        || function.equals("env.trace")
        || (function.startsWith("env.console.") && !function.equals("env.console.assert"));
  }

  private static ReplayedCall replay(
      GuestInstance instance, RecordedCall call, boolean sameBuild, Duration limit) {
    HostReplay replay = new HostReplay(call.trace(), Replay::onlyLogs);
    instance.replayNext(replay);
    RecordedResult result;
    try {
      byte[] name = call.name().getBytes(StandardCharsets.UTF_8);
      result =
          CallResults.of(
              call.isJob()
                  ? GuestAbi.callJob(instance, name, call.payload(), limits(limit))
                  : GuestAbi.callHook(instance, name, call.payload(), limits(limit)));
    } catch (GuestTrap trap) {
      result = CallResults.of(trap, instance.trapState());
    } catch (IllegalArgumentException e) {
      throw new RecordingException("the call cannot be made: " + e.getMessage());
    }
    long fuel = instance.lastRun().fuel();
    List<String> differences = new ArrayList<>();
    if (call.trace().isComplete()) {
      replay.difference().ifPresent(differences::add);
    } else if (!sameEnd(call.result(), result, sameBuild)) {
      differences.add("the recording was full before the call ended");
    }
    if (differences.isEmpty() && !sameEnd(call.result(), result, sameBuild)) {
      boolean ofMachine =
          call.result() instanceof Trap trap && OF_THE_MACHINE.contains(trap.code());
      differences.add(
          "it ended with "
              + result
              + "; recorded was "
              + call.result()
              + (ofMachine ? ", which depends on the machine" : ""));
    }
    if (differences.isEmpty()
        && sameBuild
        && instance.module().isMetered()
        && call.fuel().isPresent()
        && call.fuel().getAsLong() != fuel) {
      differences.add(
          "it used " + fuel + " units of fuel; recorded were " + call.fuel().getAsLong());
    }
    return new ReplayedCall(
        call,
        result,
        fuel,
        instance.lastRun().wallNanos(),
        replay.replayed(),
        replay.more(),
        replay.isAnswered(),
        replay.difference().isPresent() && call.trace().isComplete()
            ? Optional.of(new ReplayedCall.Divergence(replay.differsAt(), replay.differing()))
            : Optional.empty(),
        differences);
  }

  private static RunLimits limits(Duration limit) {
    long end = System.nanoTime() + limit.toNanos();
    return new RunLimits(limit, end, limit, end, FuelBudget.UNLIMITED);
  }

  private static boolean sameEnd(
      RecordedResult recorded, RecordedResult replayed, boolean sameBuild) {
    return switch (recorded) {
      case Answer(byte[] bytes) ->
          replayed instanceof Answer(byte[] other) && Arrays.equals(bytes, other);
      case Trap trap ->
          replayed instanceof Trap other
              && trap.code().equals(other.code())
              && samePlace(trap.backtrace(), other.backtrace(), sameBuild);
      case Done _, Status _ -> recorded.equals(replayed);
    };
  }

  /**
   * Whether two backtraces are the same: of one build, by function and offset, since only one of
   * the two modules may have lines; of two builds, by the functions' names.
   */
  private static boolean samePlace(
      List<GuestFrame> recorded, List<GuestFrame> replayed, boolean sameBuild) {
    if (recorded.size() != replayed.size()) {
      return false;
    }
    for (int i = 0; i < recorded.size(); i++) {
      GuestFrame one = recorded.get(i);
      GuestFrame other = replayed.get(i);
      boolean known =
          one.codeOffset() != GuestFrame.UNKNOWN_OFFSET
              && other.codeOffset() != GuestFrame.UNKNOWN_OFFSET;
      if (!one.name().equals(other.name())
          || (sameBuild && known && one.codeOffset() != other.codeOffset())) {
        return false;
      }
    }
    return true;
  }
}
