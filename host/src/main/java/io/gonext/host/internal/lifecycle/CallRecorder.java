package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.EncodedTrace;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceState;
import io.gonext.engine.PlainText;
import io.gonext.engine.SecretMarks;
import io.gonext.engine.TraceRecorder;
import io.gonext.host.RecordingInfo;
import io.gonext.host.RecordingPolicy;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.CallResults;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.recording.RecordedCall;
import io.gonext.host.recording.RecordedOn;
import io.gonext.host.recording.RecordedResult;
import io.gonext.host.recording.Recording;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Records leases of one plugin's instances, and keeps the newest recordings. A call costs one read
 * of a field while nothing is recorded. While calls are recorded, a call that is not kept costs the
 * copy of what its host functions read and wrote, into an array that is used again. Only for calls
 * that are kept are secrets decrypted and marked out; what is kept never holds one. Objects are
 * made when a recording is asked for.
 *
 * <p>Thread-safe.
 */
public final class CallRecorder {
  static final int MAX_RECORDINGS = 64;
  static final long MAX_BYTES = 16L * 1024 * 1024;

  /** What host functions may read and write in one call. */
  static final long MAX_TRACE_BYTES = 2L * 1024 * 1024;

  private static final int MAX_TOOL_CHARS = 128;

  /** A power of two. */
  private static final int SPARES = 8;

  /** A larger recorder is not kept for the next lease. */
  private static final long MAX_SPARE_BYTES = 256 * 1024;

  static final String OK = "OK";
  static final String SLOW = "SLOW";

  private final String plugin;
  private final String hostVersion;
  private final InstantSource clock;
  private final Function<String, Supplier<List<byte[]>>> secretsOf;
  private final AtomicLong leases = new AtomicLong();

  private volatile @Nullable RecordingPolicy policy;

  /** Recorders that no lease uses, each in the place of the thread that used it last. */
  private final AtomicReferenceArray<@Nullable TraceRecorder> spares =
      new AtomicReferenceArray<>(SPARES);

  /** The newest last, as is the rest guarded by this. */
  private final Deque<Kept> kept = new ArrayDeque<>();

  /** The last one of each reason. */
  private final Map<String, Kept> lastOf = new HashMap<>();

  private long keptBytes;
  private long lastId;

  /** Of the module that was recorded last. */
  private volatile @Nullable MadeWith madeWith;

  private record MadeWith(String sha256, RecordedOn on) {}

  /**
   * A recording before anybody asks for it.
   *
   * @param bytes about what it takes on the heap, as objects
   */
  private record Kept(
      long id,
      String version,
      String moduleSha256,
      RecordedOn on,
      Instant at,
      String reason,
      int memoryPages,
      EncodedTrace start,
      Optional<InstanceState> state,
      List<KeptCall> calls,
      long bytes) {
    Recording recording(String plugin) {
      return new Recording(
          plugin,
          version,
          moduleSha256,
          on,
          at,
          reason,
          memoryPages,
          start.trace(),
          state.map(InstanceState::joined),
          calls.stream().map(KeptCall::recorded).toList());
    }

    /** As {@link Recording#isComplete}. */
    boolean isComplete() {
      return start.isComplete()
          && state.isPresent()
          && calls.stream().allMatch(call -> call.trace.isComplete());
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record KeptCall(
      boolean isJob,
      String name,
      byte[] payload,
      EncodedTrace trace,
      RecordedResult result,
      OptionalLong fuel) {
    RecordedCall recorded() {
      return new RecordedCall(isJob, name, payload, trace.trace(), result, fuel);
    }
  }

  /**
   * @param secretsOf the values that a plugin's secrets have at that moment, which become marks in
   *     recordings; the supplier reads nothing from the store
   */
  CallRecorder(
      String plugin,
      String hostVersion,
      InstantSource clock,
      Function<String, Supplier<List<byte[]>>> secretsOf) {
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
    for (int i = 0; i < SPARES; i++) {
      spares.set(i, null);
    }
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
      instance.forgetState();
      return null;
    }
    try {
      return new Session(current, version, memoryPages, instance);
    } catch (StoreException e) {
      // Its secrets cannot be read, so they could not be kept out.
      return null;
    }
  }

  /** The place of the current thread among the spares. Two threads that share one do no harm. */
  private static int place() {
    return (int) Thread.currentThread().threadId() & (SPARES - 1);
  }

  private TraceRecorder takeRecorder() {
    TraceRecorder spare = spares.getAndSet(place(), null);
    return spare == null ? new TraceRecorder() : spare;
  }

  private void giveBack(TraceRecorder recorder) {
    recorder.clear();
    if (policy != null && recorder.capacityBytes() <= MAX_SPARE_BYTES) {
      spares.set(place(), recorder);
    }
  }

  /** One lease. Owned by the thread that holds it. */
  final class Session {
    private final RecordingPolicy policy;
    private final String version;
    private final int memoryPages;
    private final GuestInstance instance;
    private final List<Made> calls = new ArrayList<>(1);
    private final Supplier<List<byte[]>> secrets;
    private final Optional<InstanceState> state;
    private final TraceRecorder recorder;
    private long bytes;
    private long nanos;

    /** A call before it is known whether it is kept; secrets are not marked out. */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    private record Made(
        PluginHook hook,
        byte[] payload,
        TraceRecorder.Part trace,
        RecordedResult result,
        long fuel) {}

    private Session(
        RecordingPolicy policy, String version, int memoryPages, GuestInstance instance) {
      this.policy = policy;
      this.version = version;
      this.memoryPages = memoryPages;
      this.instance = instance;
      this.secrets = secretsOf.apply(plugin);
      this.state = instance.stateSinceStart();
      this.recorder = takeRecorder();
    }

    /** Makes a call and records it; a call that neither returns nor traps ends the recording. */
    HookReply record(PluginHook hook, byte[] payload, Supplier<HookReply> call) {
      instance.startRecording(recorder, Math.max(1, MAX_TRACE_BYTES - bytes));
      RecordedResult result = null;
      try {
        HookReply reply = call.get();
        result = CallResults.of(reply);
        return reply;
      } catch (GuestTrap trap) {
        result = CallResults.of(trap, instance.trapState());
        throw trap;
      } finally {
        TraceRecorder.Part trace = instance.stopRecording();
        if (result == null) {
          calls.clear();
        } else {
          nanos += instance.lastRun().wallNanos();
          bytes += payload.length + trace.weightBytes();
          calls.add(new Made(hook, payload, trace, result, instance.lastRun().fuel()));
        }
      }
    }

    /**
     * Keeps the lease's calls if the policy says so. The last use of this.
     *
     * @param failure the outcome of a call that failed; null when none did
     * @return its id; 0 if it is not kept
     */
    long end(@Nullable String failure) {
      try {
        if (calls.isEmpty()) {
          return 0;
        }
        boolean slow = policy.slow().isPresent() && nanos >= policy.slow().get().toNanos();
        boolean sampled = policy.every() > 0 && leases.getAndIncrement() % policy.every() == 0;
        return sampled || slow || (failure != null && policy.failures())
            ? keep(failure != null ? failure : slow ? SLOW : OK)
            : 0;
      } finally {
        giveBack(recorder);
      }
    }

    private long keep(String reason) {
      SecretMarks marks = new SecretMarks();
      try {
        secrets.get().forEach(marks::add);
      } catch (StoreException e) {
        // Its secrets cannot be read, so they could not be kept out.
        return 0;
      }
      recorder.addConcealed(marks);
      Instant at = clock.instant();
      RecordedOn on = on(instance.module());
      EncodedTrace start = instance.startTrace();
      Optional<InstanceState> left = state.map(found -> markedOut(found, marks));
      List<KeptCall> kept = new ArrayList<>(calls.size());
      for (Made call : calls) {
        kept.add(
            new KeptCall(
                call.hook.isJob(),
                call.hook.name(),
                marks.markedOut(call.payload),
                recorder.copy(call.trace, marks),
                markedOut(call.result, marks),
                instance.module().isMetered() ? OptionalLong.of(call.fuel) : OptionalLong.empty()));
      }
      return CallRecorder.this.keep(id ->
          new Kept(
              id,
              version,
              instance.module().sha256(),
              on,
              at,
              reason,
              memoryPages,
              start,
              left,
              kept,
              bytes + start.weightBytes() + state.map(InstanceState::weightBytes).orElse(0L)));
    }

    private static RecordedResult markedOut(RecordedResult result, SecretMarks marks) {
      return switch (result) {
        case RecordedResult.Answer(byte[] body) -> new RecordedResult.Answer(marks.markedOut(body));
        case RecordedResult.Trap trap ->
            new RecordedResult.Trap(
                trap.code(), marks.markedOut(trap.text()), trap.backtrace(), trap.state());
        case RecordedResult.Done _, RecordedResult.Status _ -> result;
      };
    }

    /**
     * An earlier call may have left a secret in the memory. It is whole in a block when blocks are
     * joined.
     */
    private static InstanceState markedOut(InstanceState state, SecretMarks marks) {
      InstanceState found = marks.isEmpty() ? state : state.joined();
      return found.blocks().isEmpty() || marks.isEmpty()
          ? found
          : new InstanceState(
              found.pages(),
              found.blocks().stream()
                  .map(block ->
                      new InstanceState.Block(block.pointer(), marks.markedOut(block.bytes())))
                  .toList(),
              found.globals(),
              found.droppedData(),
              found.droppedElements());
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

  private synchronized long keep(LongFunction<Kept> recording) {
    Kept one = recording.apply(++lastId);
    kept.addLast(one);
    lastOf.put(one.reason, one);
    keptBytes += one.bytes;
    if (isFull()) {
      makeRoom();
    }
    return one.id;
  }

  /** Removes the oldest, first those that are not the last of their reason. */
  private void makeRoom() {
    for (boolean spares : new boolean[] {true, false}) {
      for (Iterator<Kept> oldest = kept.iterator(); oldest.hasNext() && isFull(); ) {
        Kept one = oldest.next();
        boolean isLast = isLast(one);
        if (!isLast || !spares) {
          oldest.remove();
          keptBytes -= one.bytes;
          if (isLast) {
            lastOf.remove(one.reason);
          }
        }
      }
    }
  }

  private boolean isLast(Kept one) {
    Kept last = lastOf.get(one.reason);
    return last != null && last.id == one.id;
  }

  private boolean isFull() {
    return kept.size() > MAX_RECORDINGS || keptBytes > MAX_BYTES;
  }

  /** Newest first. */
  public synchronized List<RecordingInfo> list() {
    return kept.reversed().stream()
        .map(one ->
            new RecordingInfo(
                one.id,
                plugin,
                one.version,
                one.at,
                one.calls.getFirst().name,
                one.reason,
                one.isComplete(),
                one.bytes))
        .toList();
  }

  /** A recording, if it is still there. */
  public Optional<Recording> get(long id) {
    Optional<Kept> found;
    synchronized (this) {
      found = kept.stream().filter(one -> one.id == id).findFirst();
    }
    return found.map(one -> one.recording(plugin));
  }
}
