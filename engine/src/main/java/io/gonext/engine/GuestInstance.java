package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A running copy of a module: one linear memory, one set of globals and tables.
 *
 * <p>One thread at a time: {@link #run}, {@link #reset} and {@link #close} take the instance with
 * one compare-and-set. A second thread, or the same thread from inside a host function, gets an
 * {@link IllegalStateException}. What one thread did in a run happens-before the next thread's run.
 *
 * <p>After a trap, or any other exception from the work, the instance is not usable, because the
 * guest may have stopped halfway. Close and replace it.
 */
public final class GuestInstance implements AutoCloseable {
  /** About 73 years. Adding this to the clock, and a wait to the sum, does not overflow. */
  private static final long NO_LIMIT_NANOS = Long.MAX_VALUE / 4;

  /**
   * The time of a run whose deadline has already passed. Such a run ends like any other that is too
   * late.
   */
  private static final long LEAST_NANOS = 1_000;

  private static final VarHandle LAST_RUN;

  static {
    try {
      LAST_RUN =
          MethodHandles.lookup().findVarHandle(GuestInstance.class, "lastRun", CallTimes.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final CompiledModule module;
  private final Watchdog watchdog;
  private final Occupancy occupancy;
  private final GuestImports imports;
  private final GuestCode code;
  private final LinearMemory linear;
  private final GuestMemory memory;
  private final GuestCall guestCall;
  private final boolean verifiesResets;

  /** Set once after start-up, by the thread that creates the instance. */
  private @Nullable Snapshot snapshot;

  /** The snapshot's bytes that this instance does not share. Set together with it. */
  private long snapshotBytes;

  /** Written by the thread inside. Any thread may read it. */
  private volatile boolean usable = true;

  /** What host functions did during the start, if that was recorded. Set with the snapshot. */
  private EncodedTrace startTrace = EncodedTrace.EMPTY;

  /** What records the runs, if they are recorded. */
  private @Nullable TraceRecorder recorder;

  /** Whether it may differ from the snapshot. Written by the thread that holds the instance. */
  private boolean isChanged;

  /** What {@link #stateSinceStart} returned last. The marks of the memory have aged since. */
  private @Nullable InstanceState lastState;

  /** When the current run began. Owned by the thread inside, as are the next fields. */
  private long beganAt;

  /** When the current run's soft limit passes if the guest does not wait. */
  private long lateAt;

  /** When the guest must return if it does not wait. */
  private long computesUntil;

  /** How long the guest may wait. */
  private long waitLimitNanos;

  /** When the current run ends, whatever the guest does. */
  private long endsAt;

  /** What the watchdog is armed for. */
  private long strikesAt;

  /** Whether the guest waits in a host function, or waited there when the watchdog struck. */
  private boolean waits;

  /** How long the last run took. Written by the thread inside. Any thread may read it. */
  private volatile CallTimes lastRun = new CallTimes(0, 0, 0, false, 0);

  private GuestInstance(CompiledModule module, Watchdog watchdog, InstanceConfig config) {
    this.module = module;
    this.watchdog = watchdog;
    this.occupancy = new Occupancy(watchdog);
    this.imports = new GuestImports(module, config, occupancy, new HostCall(this));
    this.code = module.newInstance(imports.functions(), config);
    this.linear = code.linear();
    this.memory = new GuestMemory(linear);
    this.guestCall = new GuestCall(this);
    this.verifiesResets = config.verifiesResets();
  }

  /**
   * Instantiates, starts up and snapshots.
   *
   * @throws GuestTrap when the guest traps while it starts
   * @throws ModuleRejectedException when it imports what {@code config} does not offer
   * @throws IllegalStateException when it starts otherwise than in the trace that is replayed
   */
  static GuestInstance start(CompiledModule module, Watchdog watchdog, InstanceConfig config) {
    var made = new GuestInstance(module, watchdog, config);
    watchdog.watch(made.occupancy);
    try {
      made.start(config);
      var taken = Snapshot.take(made.code, module.sharedImage());
      made.snapshot = taken;
      made.imports.snapshot();
      made.isChanged = false;
      made.snapshotBytes = taken.weightBytes(module.shareImage(taken.memory()));
      return made;
    } finally {
      if (made.snapshot == null) {
        watchdog.forget(made.occupancy);
      }
    }
  }

  private void start(InstanceConfig config) {
    if (config.startTraceBytes() > 0) {
      startRecording(new TraceRecorder(), config.startTraceBytes());
    }
    if (config.startReplay().isPresent()) {
      replayStart(config, new HostReplay(config.startReplay().get()));
    } else {
      run(config.startTimeout(), config.startFuel(), call -> startUp());
    }
    if (config.startTraceBytes() > 0) {
      TraceRecorder starting = Objects.requireNonNull(recorder);
      startTrace = starting.copy(stopRecording(), new SecretMarks());
    }
  }

  private void replayStart(InstanceConfig config, HostReplay replay) {
    GuestTrap trap = null;
    replayNext(replay);
    try {
      run(config.startTimeout(), config.startFuel(), call -> startUp());
    } catch (GuestTrap thrown) {
      trap = thrown;
    }
    if (replay.difference().isPresent()) {
      throw new IllegalStateException("the start differs: " + replay.difference().get(), trap);
    }
    if (trap != null) {
      throw trap;
    }
  }

  /** Runs the start section, then {@code _initialize} or {@code _start} as WASI specifies. */
  private boolean startUp() {
    try {
      Instantiation.run(code);
      GuestCode.checkFuel(code);
    } catch (Throwable thrown) {
      throw trap(thrown);
    }
    GuestFunction entry = module.startFunction();
    if (entry != null) {
      try {
        call(entry, new long[0]);
      } catch (GuestTrap trap) {
        if (!(trap.trapCause() instanceof TrapCause.Exit(int exitCode) && exitCode == 0)) {
          throw trap;
        }
        imports.forgetTrap();
      }
    }
    return true;
  }

  /** The module this is an instance of. */
  public CompiledModule module() {
    return module;
  }

  /** Whether the module exports a function of this name. */
  public boolean hasFunction(String exportName) {
    return module.exports().containsKey(exportName);
  }

  /**
   * The module's exported function of this name, valid for all its instances.
   *
   * @throws IllegalArgumentException when the module exports none
   */
  public GuestFunction function(String exportName) {
    return module.function(exportName);
  }

  /**
   * Calls one function, in a {@linkplain #run(Duration, GuestWork) run} of its own.
   *
   * @param args one value for each parameter, and the result, as of {@link GuestCall#call}
   * @throws GuestTrap when the guest ended before it returned, or the limit passed
   * @throws IllegalArgumentException when the module exports no such function, or it takes other
   *     arguments; the instance stays as it was
   */
  public long call(Duration limit, String exportName, long... args) {
    GuestFunction function = function(exportName);
    function.check(module, args);
    return run(limit, call -> call.call(function, args));
  }

  /**
   * Runs {@code work}, which may call the guest several times, under one deadline.
   *
   * <p>When the limit passes, the engine interrupts the thread. The guest ends at its next backward
   * branch or call, a host function at its next check for interrupts. The engine clears its
   * interrupt before this method returns. An interrupt from elsewhere ends the guest with {@link
   * TrapCause.Interrupted}, and the flag stays set. An interrupt from elsewhere that comes after
   * the limit has passed is lost.
   *
   * @param limit how long the run may take, including host functions; on an idle machine the engine
   *     interrupts at most 10 ms late
   * @return what {@code work} returned
   * @throws GuestTrap when the guest ended before it returned, or the limit passed
   * @throws IllegalArgumentException when the limit is not positive; the instance stays as it was
   * @throws IllegalStateException when someone is inside already, the instance is not {@linkplain
   *     #isUsable() usable}, or the engine is closed
   */
  public <R extends @Nullable Object> R run(Duration limit, GuestWork<R> work) {
    return run(limit, FuelBudget.UNLIMITED, work);
  }

  private <R extends @Nullable Object> R run(Duration limit, FuelBudget fuel, GuestWork<R> work) {
    long nanos = nanos(limit);
    requireMeter(fuel);
    enter();
    code.beginFuel(fuel);
    long began = System.nanoTime();
    lateAt = began + nanos;
    computesUntil = began + nanos;
    waitLimitNanos = NO_LIMIT_NANOS;
    endsAt = began + nanos;
    return runEntered(began, work);
  }

  /**
   * Like {@link #run(Duration, GuestWork)}, with limits for what the guest computes and for what it
   * waits, and with an earlier soft limit. The soft limit interrupts nothing. Host functions
   * {@linkplain HostCall#isLate() can check it}, and {@link CallTimes#late()} reports it
   * afterwards.
   *
   * <p>A guest that waits too long ends with {@link TrapCause.WaitLimit}, any other one that is too
   * late with {@link TrapCause.Deadline}.
   *
   * @param limits if one of their moments has passed, the run still has a microsecond
   * @throws IllegalArgumentException when they limit the fuel of a module that does not count it
   */
  public <R extends @Nullable Object> R run(RunLimits limits, GuestWork<R> work) {
    long softNanos = nanos(limits.softLimit());
    long waitNanos = atMostNoLimit(limits.waitLimit());
    requireMeter(limits.fuel());
    enter();
    code.beginFuel(limits.fuel());
    long began = System.nanoTime();
    lateAt = began + softNanos;
    computesUntil = began + Math.max(LEAST_NANOS, limits.computeDeadlineNanos() - began);
    waitLimitNanos = waitNanos;
    endsAt = began + Math.max(LEAST_NANOS, limits.deadlineNanos() - began);
    return runEntered(began, work);
  }

  private <R extends @Nullable Object> R runEntered(long began, GuestWork<R> work) {
    beganAt = began;
    isChanged = true;
    waits = false;
    strikesAt = earlier(computesUntil, endsAt);
    boolean inTime = false;
    try {
      linear.clearRefusedGrowth();
      imports.beginRun();
      code.beginRun();
      R result;
      occupancy.arm(strikesAt);
      try {
        if (watchdog.isClosed()) {
          throw new IllegalStateException("the engine is closed");
        }
        result = work.run(guestCall);
        imports.flushOutput();
      } catch (Throwable thrown) {
        flushAfter(thrown);
        if (occupancy.disarm()) {
          throw module.traps().translate(thrown, struck(), null);
        }
        if (thrown instanceof AbiViolationException) {
          throw module.traps().translate(thrown, null, null);
        }
        throw thrown;
      }
      if (occupancy.disarm()) {
        throw new GuestTrap(struck(), List.of(), null);
      }
      inTime = true;
      return result;
    } finally {
      leave(inTime);
    }
  }

  /**
   * Out of line: javac repeats a finally block on each path, and C2 inlines no method that large.
   */
  private void leave(boolean inTime) {
    if (!inTime || imports.trap() != null) {
      usable = false;
    }
    long ended = System.nanoTime();
    var times =
        new CallTimes(
            ended - beganAt,
            imports.hostNanos(),
            imports.waitNanos(),
            ended - imports.waitNanos() - lateAt > 0,
            module.isMetered() ? code.usedFuel() : 0);
    // A volatile write would cost a locked instruction more.
    LAST_RUN.setRelease(this, times);
    imports.replay(null);
    occupancy.leave();
  }

  /** The limit that passed. */
  private TrapCause struck() {
    return waits
        // An earlier wait may have ended late.
        ? new TrapCause.WaitLimit(
            Duration.ofNanos(Math.min(waitLimitNanos, imports.waitNanosAt(strikesAt))))
        : new TrapCause.Deadline(Duration.ofNanos(strikesAt - beganAt - imports.waitNanos()));
  }

  /** See {@link HostCall#beginWait}. */
  void beginWait() {
    long now = System.nanoTime();
    imports.beginWait(now);
    long limit = earlier(now + Math.max(0, waitLimitNanos - imports.waitNanos()), endsAt);
    if (occupancy.rearm(limit)) {
      strikesAt = limit;
      waits = true;
    }
  }

  /** See {@link HostCall#endWait}. If the watchdog struck, the limit that passed stays known. */
  void endWait() {
    imports.endWait(System.nanoTime());
    long limit = earlier(computesUntil + imports.waitNanos(), endsAt);
    if (waits && occupancy.rearm(limit)) {
      strikesAt = limit;
      waits = false;
    }
  }

  /** See {@link HostCall#uninterrupted}. */
  <R extends @Nullable Object> R uninterrupted(Duration atMost, Runnable cutOff, Supplier<R> work) {
    StackHeadroom.requireDeep();
    long limit = strikesAt;
    if (!occupancy.hold(earlier(limit, System.nanoTime() + atMostNoLimit(atMost)), cutOff)) {
      throw Interrupts.signal();
    }
    try {
      return work.get();
    } finally {
      occupancy.release(limit);
    }
  }

  private void requireMeter(FuelBudget fuel) {
    if (fuel.isLimited() && !module.isMetered()) {
      throw new IllegalArgumentException(
          "the module was compiled without counting fuel, so its fuel cannot be limited");
    }
  }

  private static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  private void flushAfter(Throwable thrown) {
    try {
      imports.flushOutput();
    } catch (RuntimeException e) {
      thrown.addSuppressed(e);
    }
  }

  private static long nanos(Duration limit) {
    if (!limit.isPositive()) {
      throw new IllegalArgumentException("the limit must be positive: " + limit);
    }
    return atMostNoLimit(limit);
  }

  private static long atMostNoLimit(Duration limit) {
    // Saturates, where a Duration's own conversion would throw.
    return Math.min(NO_LIMIT_NANOS, TimeUnit.NANOSECONDS.convert(limit));
  }

  private void enter() {
    if (!occupancy.tryEnter()) {
      throw new IllegalStateException("the instance is in use by another call");
    }
    if (!usable) {
      occupancy.leave();
      throw new IllegalStateException("the instance is closed or was ended by a trap");
    }
  }

  /** Calls the guest. Only inside a run, on the run's thread. */
  long call(GuestFunction function, long[] args) {
    occupancy.requireInside();
    function.check(module, args);
    GuestTrap earlier = imports.trap();
    if (earlier != null) {
      throw earlier;
    }
    if (occupancy.hasFired()) {
      // Host code may have cleared the interrupt, and then the guest would not end.
      throw trap(Interrupts.signal());
    }
    try {
      long[] results = code.call(function.index(), args);
      GuestCode.checkFuel(code);
      return function.result(results);
    } catch (Throwable thrown) {
      throw trap(thrown);
    }
  }

  /** Calls the guest's allocator. Only inside a run, on the run's thread. */
  long callWithoutHost(GuestFunction function, long[] args) {
    boolean outermost = imports.enterAllocator();
    try {
      return call(function, args);
    } finally {
      if (outermost) {
        imports.leaveAllocator();
      }
    }
  }

  /** Records what ended the guest. It does not run again: see {@link GuestImports#trap()}. */
  private GuestTrap trap(Throwable thrown) {
    GuestTrap trap =
        module
            .traps()
            .translate(thrown, occupancy.hasFired() ? struck() : null, linear.refusedGrowth());
    return imports.end(trap);
  }

  GuestMemory memory() {
    return memory;
  }

  boolean isLate() {
    long now = System.nanoTime();
    long waited = waits ? imports.waitNanosAt(now) : imports.waitNanos();
    return now - waited - lateAt > 0;
  }

  long remainingNanos() {
    return strikesAt - System.nanoTime();
  }

  /** The linear memory, for tests. */
  LinearMemory linear() {
    return linear;
  }

  /** A class generated for the module, for tests of class unloading. */
  Class<?> codeClass() {
    return code.getClass();
  }

  /**
   * Restores the snapshot that was taken after start-up: memory bytes and size, globals, tables,
   * dropped segments, WASI. The time depends on the number of 4 KiB blocks that were written, not
   * on the memory's size.
   *
   * @throws IllegalStateException when a thread is inside, or the instance is not usable; also when
   *     resets are {@linkplain InstanceConfig#verifiesResets() verified} and a difference remains,
   *     after which the instance is not usable
   */
  public void reset() {
    enter();
    try {
      Objects.requireNonNull(snapshot).restore(code);
      imports.reset();
      isChanged = false;
      lastState = null;
      if (verifiesResets) {
        verifyReset();
      }
    } finally {
      occupancy.leave();
    }
  }

  private void verifyReset() {
    String difference = firstDifference();
    if (difference != null) {
      usable = false;
      throw new ResetDifferenceException("the reset left a difference: " + difference);
    }
  }

  private @Nullable String firstDifference() {
    String difference = Objects.requireNonNull(snapshot).firstDifference(code);
    return difference == null ? imports.differenceFromSnapshot() : difference;
  }

  /**
   * The first difference between the instance and its snapshot, or null. For tests and for
   * debugging a reset, because it compares every byte.
   *
   * @throws IllegalStateException when a thread is inside, or the instance is not usable
   */
  public @Nullable String differenceFromSnapshot() {
    enter();
    try {
      return firstDifference();
    } finally {
      occupancy.leave();
    }
  }

  /**
   * The heap bytes that this instance alone holds: linear memory with arrays kept from earlier
   * leases, tables, and its snapshot without a shared memory image. Approximate while another
   * thread is inside.
   */
  public long weightBytes() {
    return linear.weightBytes() + snapshotBytes + code.weightBytes();
  }

  /**
   * The bytes of memory in the 4 KiB blocks that were written since the last {@link #reset}, or
   * since start-up. Only for the thread that holds the instance, between calls. Reads all marks.
   */
  public long touchedBytes() {
    return linear.writtenBytes();
  }

  /** False after a trap, after any other exception from a run's work, and after {@link #close}. */
  public boolean isUsable() {
    return usable;
  }

  /** How the last run spent its time; zeros before the first run. */
  public CallTimes lastRun() {
    return lastRun;
  }

  /**
   * The failure that a host function {@linkplain HostCall#reportFailure reported} in the current or
   * the last run, or null. Only for the thread of that run.
   */
  public @Nullable HostFailure hostFailure() {
    return imports.hostFailure();
  }

  /**
   * Takes what host functions {@linkplain HostCall#afterSuccess put off} in the runs since the last
   * call of this method, in order. The engine never runs it: the caller decides whether the runs
   * were a success. Only for the thread that holds the instance, between runs.
   */
  public List<Runnable> takeEffects() {
    return imports.takeEffects();
  }

  /**
   * From now on, runs record what host functions do. Recording copies each block that a host
   * function reads or writes. Only for the thread that holds the instance, between runs.
   *
   * @param to belongs to this instance until {@link #stopRecording}
   * @param maxBytes how much the recording may take, about
   */
  public void startRecording(TraceRecorder to, long maxBytes) {
    to.begin(maxBytes);
    recorder = to;
    imports.recordTo(to);
  }

  /**
   * Ends the recording.
   *
   * @return what host functions did since it began, in the recorder
   * @throws IllegalStateException when nothing is recorded
   */
  public TraceRecorder.Part stopRecording() {
    if (recorder == null) {
      throw new IllegalStateException("nothing is recorded");
    }
    TraceRecorder.Part part = recorder.part();
    recorder = null;
    imports.recordTo(null);
    return part;
  }

  /**
   * What earlier runs left behind in this instance: how it differs from what it was after its
   * start. After a run, reads all marks and copies the blocks that have changed since the last call
   * of this method; the others are those of the last state, which is kept for that. Only for the
   * thread that holds the instance, between runs.
   *
   * @return empty if tables, references or WASI's descriptors differ, which a state does not hold
   */
  public Optional<InstanceState> stateSinceStart() {
    Snapshot begun = Objects.requireNonNull(snapshot);
    if (!isChanged) {
      return Optional.of(begun.noChanges(code));
    }
    if (imports.differenceFromSnapshot() != null) {
      return Optional.empty();
    }
    Optional<InstanceState> state = begun.changes(code, lastState);
    state.ifPresent(found -> lastState = found);
    return state;
  }

  /** Lets go of the last state. Only for the thread that holds the instance, between runs. */
  public void forgetState() {
    if (lastState != null) {
      lastState = null;
    }
  }

  /**
   * How the memory was used and what the globals are, also after a trap. Reads all marks. Only for
   * the thread that holds the instance, between runs.
   */
  public TrapState trapState() {
    return TrapStates.of(code, module.globalNames());
  }

  /**
   * Puts an instance that has just started into a state of another instance of the module.
   *
   * @throws IllegalArgumentException when it is a state of another module; then the instance is to
   *     be closed
   * @throws IllegalStateException when someone is inside
   */
  public void applyState(InstanceState state) {
    enter();
    isChanged = true;
    try {
      Objects.requireNonNull(snapshot).apply(state, code);
    } finally {
      occupancy.leave();
    }
  }

  /**
   * In the next run, host functions do nothing. The replay answers in their place. Only for the
   * thread that holds the instance, between runs.
   */
  public void replayNext(HostReplay replay) {
    imports.replay(replay);
  }

  /**
   * What host functions did during the start; empty without {@link InstanceConfig#startTraceBytes}.
   */
  public EncodedTrace startTrace() {
    return startTrace;
  }

  GuestImports imports() {
    return imports;
  }

  /**
   * Ends the instance's use. A second close does nothing.
   *
   * @throws IllegalStateException when a thread is inside
   */
  @Override
  public void close() {
    if (!occupancy.tryEnter()) {
      throw new IllegalStateException("the instance is in use by another call");
    }
    usable = false;
    watchdog.forget(occupancy);
    occupancy.leave();
  }
}
