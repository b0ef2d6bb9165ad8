package io.gonext.engine;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.Instance;
import run.endive.runtime.Machine;
import run.endive.runtime.Memory;
import run.endive.runtime.WasmInterruptedException;

/**
 * A running copy of a module: one linear memory, one set of globals and tables.
 *
 * <p>One thread at a time: {@link #run}, {@link #reset} and {@link #close} take the instance with
 * one compare-and-set, and a second thread (or the same one from inside a host function) gets an
 * {@link IllegalStateException}. What one thread did in a run happens-before the next thread's run.
 *
 * <p>After a trap, and after anything else that the work threw, the instance is not usable: what
 * the guest was halfway through is unknown. It is to be closed and replaced.
 */
public final class GuestInstance implements AutoCloseable {
  /** Some 146 years: far enough, and adding it to the clock does not overflow. */
  private static final long NO_LIMIT_NANOS = Long.MAX_VALUE / 2;

  /** What a run has whose deadline has passed already: it ends as any other that is too late. */
  private static final long LEAST_NANOS = 1_000;

  private final CompiledModule module;
  private final Watchdog watchdog;
  private final Occupancy occupancy;
  private final GuestImports imports;
  private final Instance instance;
  private final Machine machine;
  private final LinearMemory linear;
  private final GuestMemory memory;
  private final GuestCall guestCall;
  private final boolean verifiesResets;

  /** Set once, after start-up, by the thread that makes the instance. */
  private @Nullable Snapshot snapshot;

  /** What the snapshot holds for this instance alone. Set with it. */
  private long snapshotBytes;

  /** Written by the thread inside; read by anyone. */
  private volatile boolean usable = true;

  /** The limit of the run that is going on. Owned by the thread inside. */
  private long limitNanos;

  /** When the soft limit of that run passes, or passed. Owned by the thread inside. */
  private long lateAt;

  /** How long the last run took. Written by the thread inside; read by anyone. */
  private volatile CallTimes lastRun = new CallTimes(0, 0, false);

  private GuestInstance(CompiledModule module, Watchdog watchdog, InstanceConfig config) {
    this.module = module;
    this.watchdog = watchdog;
    this.occupancy = new Occupancy(watchdog);
    this.imports = new GuestImports(module, config, occupancy, new HostCall(this));
    this.instance = module.newInstance(imports.values(), config);
    this.machine = instance.getMachine();
    @Nullable Memory declared = instance.memory();
    this.linear = declared == null ? LinearMemory.none() : (LinearMemory) declared;
    this.memory = new GuestMemory(linear);
    this.guestCall = new GuestCall(this);
    this.verifiesResets = config.verifiesResets();
  }

  /**
   * Instantiates, starts up and snapshots.
   *
   * @throws GuestTrap when the guest traps while it starts
   * @throws ModuleRejectedException when it imports what {@code config} does not offer
   */
  static GuestInstance start(CompiledModule module, Watchdog watchdog, InstanceConfig config) {
    var made = new GuestInstance(module, watchdog, config);
    watchdog.watch(made.occupancy);
    try {
      made.run(config.startTimeout(), call -> made.startUp());
      var taken = Snapshot.take(made.instance, made.linear, module.sharedImage());
      made.snapshot = taken;
      made.imports.snapshot();
      made.snapshotBytes = taken.weightBytes(module.shareImage(taken.memory()));
      return made;
    } finally {
      if (made.snapshot == null) {
        watchdog.forget(made.occupancy);
      }
    }
  }

  /** The start section, then {@code _initialize} or {@code _start} as WASI says. */
  private boolean startUp() {
    try {
      instance.initialize(false);
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
   * The module's exported function of this name, good for all its instances.
   *
   * @throws IllegalArgumentException when there is none
   */
  public GuestFunction function(String exportName) {
    return module.function(exportName);
  }

  /**
   * Runs {@code work}, which may call the guest several times, under one occupancy.
   *
   * <p>When the limit passes, the thread is interrupted; the guest ends at its next backward branch
   * or call, a host function when it next looks. The interrupt is taken back before this method
   * returns, so the thread's flag is as the caller left it, unless someone else interrupted it:
   * that ends the guest with {@link TrapCause.Interrupted}, and the flag stays set. (Only an
   * interrupt of someone else's that comes after the limit struck goes with it.)
   *
   * @param limit how long the run may take, host functions included; it strikes at most 10 ms late
   *     on an idle machine
   * @return what {@code work} returned
   * @throws GuestTrap when the guest ended before it returned, or the limit passed
   * @throws IllegalArgumentException when the limit is not positive; the instance stays as it was
   * @throws IllegalStateException when someone is inside already, the instance is not {@linkplain
   *     #isUsable() usable}, or the engine is closed
   */
  public <R extends @Nullable Object> R run(Duration limit, GuestWork<R> work) {
    long nanos = nanos(limit);
    enter();
    return runEntered(System.nanoTime(), nanos, nanos, work);
  }

  /**
   * Like {@link #run(Duration, GuestWork)} for a caller that has a deadline, and with a soft limit
   * before it. Nothing is interrupted when that passes; host functions {@linkplain
   * HostCall#isLate() can ask}, and {@link CallTimes#late()} tells afterwards.
   *
   * @param softLimit from now
   * @param deadlineNanos on {@link System#nanoTime}; the run has a microsecond even if it has
   *     passed
   */
  public <R extends @Nullable Object> R runUntil(
      Duration softLimit, long deadlineNanos, GuestWork<R> work) {
    long softNanos = nanos(softLimit);
    enter();
    long began = System.nanoTime();
    return runEntered(began, softNanos, Math.max(LEAST_NANOS, deadlineNanos - began), work);
  }

  private <R extends @Nullable Object> R runEntered(
      long began, long softNanos, long limitNanos, GuestWork<R> work) {
    lateAt = began + softNanos;
    boolean inTime = false;
    try {
      this.limitNanos = limitNanos;
      linear.clearRefusedGrowth();
      imports.beginRun();
      R result;
      occupancy.arm(began + limitNanos);
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
      usable = inTime && imports.trap() == null;
      long ended = System.nanoTime();
      lastRun = new CallTimes(ended - began, imports.hostNanos(), ended - lateAt > 0);
      occupancy.leave();
    }
  }

  private TrapCause.Deadline struck() {
    return new TrapCause.Deadline(Duration.ofNanos(limitNanos));
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
    return limit.compareTo(Duration.ofNanos(NO_LIMIT_NANOS)) >= 0
        ? NO_LIMIT_NANOS
        : limit.toNanos();
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

  /** Calls the guest; only inside a run, on its thread. */
  long call(GuestFunction function, long[] args) {
    occupancy.requireInside();
    function.check(module, args);
    GuestTrap earlier = imports.trap();
    if (earlier != null) {
      throw earlier;
    }
    if (occupancy.hasFired()) {
      // Host code may have taken the interrupt, without which the guest would not end.
      throw trap(new WasmInterruptedException("the deadline struck before the call"));
    }
    try {
      long[] results = machine.call(function.index(), args);
      return function.result(results);
    } catch (Throwable thrown) {
      throw trap(thrown);
    }
  }

  /** Calls the guest's allocator; only inside a run, on its thread. */
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

  /** What ended the guest, which does not run again: see {@link GuestImports#trap()}. */
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
    return System.nanoTime() - lateAt > 0;
  }

  /** The memory itself, for tests. */
  LinearMemory linear() {
    return linear;
  }

  /** A class that was generated for the module, for tests of its unloading. */
  Class<?> machineClass() {
    return machine.getClass();
  }

  /**
   * Back to the snapshot that was taken after start-up: memory bytes and size, globals, tables,
   * dropped segments, WASI. Costs time for the 4 KiB blocks that were written, not for the memory's
   * size.
   *
   * @throws IllegalStateException when someone is inside, or the instance is not usable; also when
   *     resets are {@linkplain InstanceConfig#verifiesResets() verified} and a difference is left,
   *     after which it is not usable
   */
  public void reset() {
    enter();
    try {
      tellGrowth();
      Objects.requireNonNull(snapshot).restore(instance, linear);
      imports.reset();
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
      throw new IllegalStateException("a reset left a difference: " + difference);
    }
  }

  private @Nullable String firstDifference() {
    String difference = Objects.requireNonNull(snapshot).firstDifference(instance, linear);
    return difference == null ? imports.differenceFromSnapshot() : difference;
  }

  private void tellGrowth() {
    if (linear.outgrewItsKind()) {
      module.growsALot();
    }
  }

  /**
   * Whether the module's later instances have a memory that suits it better, because its guests
   * grow a lot. This one is right as it is, but pays for each growth; better close and replace it.
   */
  public boolean isOutgrown() {
    return linear instanceof ExactMemory && module.isGrowing();
  }

  /**
   * The first difference between the instance and its snapshot, or null when there is none. For
   * tests and for debugging a reset: it compares every byte.
   *
   * @throws IllegalStateException when someone is inside, or the instance is not usable
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
   * The bytes of heap that this instance holds for itself: linear memory with what it grew to in
   * earlier leases, tables, and its snapshot, but for a memory's image that it shares with others.
   * Approximate while another thread is inside.
   */
  public long weightBytes() {
    long weight = linear.weightBytes() + snapshotBytes;
    for (int i = 0; i < instance.tableCount(); i++) {
      weight += ((GuestTable) instance.table(i)).weightBytes();
    }
    return weight;
  }

  /**
   * How much of the memory was written to since the last {@link #reset}, or since start-up, in
   * blocks of 4 KiB. For whoever holds the instance, between its calls; reads all marks.
   */
  public long touchedBytes() {
    return linear.writtenBytes();
  }

  /** False after a trap, after anything else that a run's work threw, and after {@link #close}. */
  public boolean isUsable() {
    return usable;
  }

  /** Where the time of the last run went; zeros before the first. */
  public CallTimes lastRun() {
    return lastRun;
  }

  /**
   * Ends the instance's use. A second close does nothing.
   *
   * @throws IllegalStateException when someone is inside
   */
  @Override
  public void close() {
    if (!occupancy.tryEnter()) {
      throw new IllegalStateException("the instance is in use by another call");
    }
    usable = false;
    tellGrowth();
    watchdog.forget(occupancy);
    occupancy.leave();
  }
}
