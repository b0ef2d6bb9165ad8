package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostTrace;
import io.gonext.engine.InstanceState;
import io.gonext.engine.PlainText;
import io.gonext.engine.SecretMarks;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.CallResults;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedOn;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Records leases of one plugin's instances, and keeps the newest recordings. A call costs one read
 * of a field while nothing is recorded.
 *
 * <p>Thread-safe.
 */
public final class CallRecorder {
  static final int MAX_RECORDINGS = 64;
  static final long MAX_BYTES = 16L * 1024 * 1024;

  /** What host functions may read and write in one call. */
  static final long MAX_TRACE_BYTES = 2L * 1024 * 1024;

  private static final int MAX_TOOL_CHARS = 128;

  static final String OK = "OK";
  static final String SLOW = "SLOW";

  private final String plugin;
  private final String hostVersion;
  private final InstantSource clock;
  private final Function<String, List<byte[]>> secretsOf;
  private final AtomicLong leases = new AtomicLong();

  private volatile @Nullable RecordingPolicy policy;

  /** The newest last, as is the rest guarded by this. */
  private final Deque<Kept> kept = new ArrayDeque<>();

  private long keptBytes;
  private long lastId;

  /** Of the module that was recorded last. */
  private volatile @Nullable MadeWith madeWith;

  /** The last state of instances that keep it between calls, while calls are recorded. */
  private final Map<GuestInstance, InstanceState> states =
      Collections.synchronizedMap(new WeakHashMap<>());

  private record MadeWith(String sha256, RecordedOn on) {}

  private record Kept(long id, Recording recording, long bytes) {}

  /**
   * @param secretsOf the values of a plugin's secrets, which become marks in recordings
   */
  CallRecorder(
      String plugin,
      String hostVersion,
      InstantSource clock,
      Function<String, List<byte[]>> secretsOf) {
    this.plugin = plugin;
    this.secretsOf = secretsOf;
    this.hostVersion = hostVersion;
    this.clock = clock;
  }

  /** Records from the next lease on. */
  public void start(RecordingPolicy newPolicy) {
    policy = newPolicy;
  }

  /** Ends that; what was kept stays. */
  public void stop() {
    policy = null;
    states.clear();
  }

  /** What is recorded now. */
  public Optional<RecordingPolicy> policy() {
    return Optional.ofNullable(policy);
  }

  /**
   * Begins the recording of a lease; null while nothing is recorded, or nothing can be.
   *
   * @param memoryPages the most that the instance may have
   */
  @Nullable Session begin(String version, int memoryPages, GuestInstance instance) {
    RecordingPolicy current = policy;
    if (current == null) {
      return null;
    }
    try {
      return new Session(current, version, memoryPages, instance);
    } catch (StoreException e) {
      // Its secrets cannot be read, so they could not be kept out.
      return null;
    }
  }

  /** One lease. Owned by the thread that holds it. */
  final class Session {
    private final RecordingPolicy policy;
    private final String version;
    private final int memoryPages;
    private final GuestInstance instance;
    private final List<RecordedCall> calls = new ArrayList<>();
    private final SecretMarks marks = new SecretMarks();
    private final Optional<InstanceState> state;
    private long bytes;
    private long nanos;

    private Session(
        RecordingPolicy policy, String version, int memoryPages, GuestInstance instance) {
      this.policy = policy;
      this.version = version;
      this.memoryPages = memoryPages;
      this.instance = instance;
      secretsOf.apply(plugin).forEach(marks::add);
      Optional<InstanceState> found = instance.stateSinceStart(states.get(instance));
      found.filter(kept -> !kept.blocks().isEmpty()).ifPresent(kept -> states.put(instance, kept));
      this.state = found.map(this::markedOut);
    }

    /** Makes a call and records it; a call that neither returns nor traps ends the recording. */
    HookReply record(PluginHook hook, byte[] payload, Supplier<HookReply> call) {
      instance.startRecording(Math.max(1, MAX_TRACE_BYTES - bytes), marks);
      RecordedResult result = null;
      try {
        HookReply reply = call.get();
        result = CallResults.of(reply);
        return reply;
      } catch (GuestTrap trap) {
        result = CallResults.of(trap, instance.trapState());
        throw trap;
      } finally {
        HostTrace trace = instance.stopRecording();
        if (result == null) {
          calls.clear();
        } else {
          add(hook, payload, trace, markedOut(result));
        }
      }
    }

    private RecordedResult markedOut(RecordedResult result) {
      return switch (result) {
        case RecordedResult.Answer(byte[] body) -> new RecordedResult.Answer(marks.markedOut(body));
        case RecordedResult.Trap trap ->
            new RecordedResult.Trap(
                trap.code(), marks.markedOut(trap.text()), trap.backtrace(), trap.state());
        case RecordedResult.Done _, RecordedResult.Status _ -> result;
      };
    }

    /** An earlier call may have left a secret in the memory. */
    private InstanceState markedOut(InstanceState found) {
      return new InstanceState(
          found.pages(),
          found.blocks().stream()
              .map(
                  block -> new InstanceState.Block(block.pointer(), marks.markedOut(block.bytes())))
              .toList(),
          found.globals(),
          found.droppedData(),
          found.droppedElements());
    }

    private void add(PluginHook hook, byte[] payload, HostTrace trace, RecordedResult result) {
      byte[] given = marks.markedOut(payload);
      nanos += instance.lastRun().wallNanos();
      bytes += given.length + trace.weightBytes();
      calls.add(
          new RecordedCall(
              hook.isJob(),
              hook.name(),
              given,
              trace,
              result,
              instance.module().isMetered()
                  ? OptionalLong.of(instance.lastRun().fuel())
                  : OptionalLong.empty()));
    }

    /**
     * Keeps the lease's calls if the policy says so.
     *
     * @param failure the outcome of a call that failed; null when none did
     * @return its id; 0 if it is not kept
     */
    long end(@Nullable String failure) {
      if (calls.isEmpty()) {
        return 0;
      }
      boolean slow = policy.slow().isPresent() && nanos >= policy.slow().get().toNanos();
      boolean sampled = policy.every() > 0 && leases.getAndIncrement() % policy.every() == 0;
      if (sampled || slow || (failure != null && policy.failures())) {
        return keep(
            new Recording(
                plugin,
                version,
                instance.module().sha256(),
                on(instance.module()),
                clock.instant(),
                failure != null ? failure : slow ? SLOW : OK,
                memoryPages,
                instance.startTrace(),
                state,
                calls),
            bytes
                + instance.startTrace().weightBytes()
                + state.map(InstanceState::weightBytes).orElse(0L));
      }
      return 0;
    }
  }

  /** What a recording of a module is made with; the same object for the same module. */
  private RecordedOn on(CompiledModule module) {
    MadeWith known = madeWith;
    if (known == null || !known.sha256.equals(module.sha256())) {
      // The module's claim, so as plain lines.
      List<String> tools =
          module.producers().entries().stream()
              .map(tool ->
                  PlainText.of((tool.name() + " " + tool.version()).strip(), MAX_TOOL_CHARS))
              .toList();
      known = new MadeWith(module.sha256(), RecordedOn.here(hostVersion, tools));
      madeWith = known;
    }
    return known.on;
  }

  private synchronized long keep(Recording recording, long bytes) {
    long id = ++lastId;
    kept.addLast(new Kept(id, recording, bytes));
    keptBytes += bytes;
    if (isFull()) {
      makeRoom();
    }
    return id;
  }

  /** Removes the oldest, first those that are not the last of their reason. */
  private void makeRoom() {
    for (boolean spares : new boolean[] {true, false}) {
      Set<String> last = new HashSet<>();
      List<Kept> newestFirst = new ArrayList<>(kept).reversed();
      // Their ids: the hash of a recording is one of all that it holds.
      Set<Long> spared = new HashSet<>();
      for (Kept one : newestFirst) {
        if (last.add(one.recording.reason()) && spares) {
          spared.add(one.id);
        }
      }
      for (Iterator<Kept> oldest = kept.iterator(); oldest.hasNext() && isFull(); ) {
        Kept one = oldest.next();
        if (!spared.contains(one.id)) {
          oldest.remove();
          keptBytes -= one.bytes;
        }
      }
    }
  }

  private boolean isFull() {
    return kept.size() > MAX_RECORDINGS || keptBytes > MAX_BYTES;
  }

  /** Newest first. */
  public synchronized List<RecordingInfo> list() {
    return kept.reversed().stream()
        .map(one -> {
          Recording recording = one.recording;
          return new RecordingInfo(
              one.id,
              recording.plugin(),
              recording.version(),
              recording.at(),
              recording.calls().getFirst().name(),
              recording.reason(),
              recording.isComplete(),
              one.bytes);
        })
        .toList();
  }

  /** A recording, if it is still there. */
  public synchronized Optional<Recording> get(long id) {
    return kept.stream().filter(one -> one.id == id).map(Kept::recording).findFirst();
  }
}
