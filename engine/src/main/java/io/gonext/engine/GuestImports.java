package io.gonext.engine;

import io.gonext.engine.GuestCode.ImportedFunction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The functions that one instance imports from the host and from WASI. Each is wrapped: it cannot
 * run inside the guest's allocator, and the guest does not see its exceptions. If the deadline
 * strikes during the call, the guest ends even if the function swallowed the interrupt.
 *
 * <p>Owned by the thread inside the instance.
 */
final class GuestImports {
  private static final long[] NO_RESULT = {};
  private static final byte[] NO_TASK = {};

  private final Occupancy occupancy;
  private final HostCall hostCall;
  private final Wasi wasi;
  private final ImportedFunction[] functions;

  /** Whether the host is inside the guest's allocator. */
  private boolean inAllocator;

  /**
   * The nesting depth of host functions and callbacks, and the time spent in the outermost ones.
   */
  private int depth;

  private long hostNanos;

  /** The time that host functions waited, and when the current wait began. */
  private long waitNanos;

  private long waitBegan;

  /** See {@link HostCall#reportFailure}. */
  private @Nullable HostFailure hostFailure;

  /** See {@link GuestCall#nameTask}. */
  private byte[] task = NO_TASK;

  /** See {@link HostCall#once}. Created when the first value is kept. */
  private @Nullable IdentityHashMap<Object, Object> kept;

  /** See {@link HostCall#afterSuccess}. Created when the first is kept; kept over runs. */
  private @Nullable List<Runnable> effects;

  /** What records the current run, if it is recorded, or answers in place of the functions. */
  private @Nullable TraceRecorder recorder;

  private @Nullable HostReplay replay;

  /** What ended the guest in this run. The guest does not run again after that. */
  private @Nullable GuestTrap trap;

  GuestImports(
      CompiledModule module, InstanceConfig config, Occupancy occupancy, HostCall hostCall) {
    this.occupancy = occupancy;
    this.hostCall = hostCall;
    this.wasi = new Wasi(module.wasiSources(), config);
    Map<String, HostFunction> offered = new HashMap<>();
    for (HostFunction function : config.hostFunctions()) {
      if (offered.put(function.qualifiedName(), function) != null) {
        throw new IllegalArgumentException(
            "two host functions are named " + function.qualifiedName());
      }
    }
    // A module may import the same function several times.
    Map<FunctionImport, ImportedFunction> bound = new HashMap<>();
    this.functions =
        module.imports().stream()
            .map(wanted ->
                bound.computeIfAbsent(
                    wanted,
                    _ -> bind(wanted.isWasi() ? wasi.function(wanted) : find(offered, wanted))))
            .toArray(ImportedFunction[]::new);
  }

  private static HostFunction find(Map<String, HostFunction> offered, FunctionImport wanted) {
    HostFunction function = offered.get(wanted.module() + "." + wanted.name());
    if (function == null) {
      throw forbidden("the module imports " + wanted + ", which this host does not offer");
    }
    if (!function.type().equals(wanted.type())) {
      throw forbidden("the module imports " + wanted + ", but it is " + function.type());
    }
    return function;
  }

  private static ModuleRejectedException forbidden(String message) {
    return new ModuleRejectedException(ModuleRejectedException.Reason.FORBIDDEN_IMPORT, 0, message);
  }

  private ImportedFunction bind(HostFunction function) {
    List<ValueType> parameters = function.type().parameters();
    boolean returns = !function.type().results().isEmpty();
    String name = function.qualifiedName();
    return args -> {
      for (int i = 0; i < args.length; i++) {
        if (parameters.get(i) == ValueType.I32) {
          args[i] &= 0xFFFF_FFFFL;
        }
      }
      long result = invoke(function, name, args);
      return returns ? new long[] {result} : NO_RESULT;
    };
  }

  private long invoke(HostFunction function, String name, long[] args) {
    if (inAllocator && !function.allowedInAllocator()) {
      throw new AbiViolationException(name + " was called from inside the guest's allocator");
    }
    StackHeadroom.require();
    boolean outermost = depth++ == 0;
    long began = outermost ? System.nanoTime() : 0;
    try {
      long result = answer(function, name, args);
      if (trap != null) {
        throw trap;
      }
      // The function may have swallowed the deadline's interrupt, and the guest may return before
      // it polls for another one.
      if (occupancy.hasFired() || Thread.currentThread().isInterrupted()) {
        throw Interrupts.signal();
      }
      return result;
    } catch (GuestTrap
        | GuestPanicException
        | AbiViolationException
        | GuestExitSignal
        | TrapSignal signal) {
      throw signal;
    } catch (RuntimeException failure) {
      throw new HostFailureSignal(name, failure);
    } finally {
      depth--;
      if (outermost) {
        hostNanos += System.nanoTime() - began;
      }
    }
  }

  private long answer(HostFunction function, String name, long[] args) {
    if (replay != null) {
      return replay.answer(function, hostCall, args);
    }
    return recorder == null
        ? function.body().apply(hostCall, args)
        : recorder.record(name, function, hostCall, args);
  }

  /** From now on, host functions are recorded; null ends that. */
  void recordTo(@Nullable TraceRecorder newRecorder) {
    recorder = newRecorder;
    hostCall.memory().recordTo(newRecorder);
  }

  /** See {@link HostCall#conceal}. */
  void conceal(byte[] secret) {
    if (recorder != null) {
      recorder.conceal(secret);
    }
  }

  /** See {@link HostCall#callGuest}. */
  void recordCallBack(GuestFunction function, long[] args) {
    if (recorder != null) {
      recorder.calledBack(function.name(), args);
    }
  }

  /** From now on, this answers in place of host functions; null ends that. */
  void replay(@Nullable HostReplay newReplay) {
    replay = newReplay;
  }

  /** The imported functions by index. */
  ImportedFunction[] functions() {
    return functions;
  }

  void nameTask(byte[] utf8) {
    task = utf8;
  }

  /** See {@link HostCall#task}. */
  String task() {
    return new String(task, StandardCharsets.UTF_8);
  }

  void beginRun() {
    task = NO_TASK;
    hostNanos = 0;
    waitNanos = 0;
    if (kept != null) {
      kept.clear();
    }
    hostFailure = null;
    depth = 0;
    inAllocator = false;
    trap = null;
    wasi.beginRun();
  }

  /**
   * Records that the guest has ended, whether or not the host function rethrows the trap.
   *
   * @return what ended it: the first trap of a run
   */
  GuestTrap end(GuestTrap cause) {
    GuestTrap first = trap == null ? cause : trap;
    trap = first;
    return first;
  }

  /** What ended the guest in the current or the last run, or null. */
  @Nullable GuestTrap trap() {
    return trap;
  }

  /** Forgets the trap: the guest's exit was not a failure. */
  void forgetTrap() {
    trap = null;
  }

  /** Time in host functions in the current or the last run, including callbacks into the guest. */
  long hostNanos() {
    return hostNanos;
  }

  void beginWait(long nanoTime) {
    waitBegan = nanoTime;
  }

  void endWait(long nanoTime) {
    waitNanos = waitNanosAt(nanoTime);
    waitBegan = nanoTime;
  }

  /** The part of {@link #hostNanos} between {@link #beginWait} and {@link #endWait}. */
  long waitNanos() {
    return waitNanos;
  }

  /** As {@link #waitNanos}, with the part of the current wait until a moment. */
  long waitNanosAt(long nanoTime) {
    return waitNanos + (nanoTime - waitBegan);
  }

  Object once(Object key, Supplier<?> first) {
    if (kept == null) {
      kept = new IdentityHashMap<>();
    }
    return kept.computeIfAbsent(key, _ -> first.get());
  }

  void afterSuccess(Runnable effect) {
    if (effects == null) {
      effects = new ArrayList<>();
    }
    effects.add(effect);
  }

  /** See {@link GuestInstance#takeEffects}. */
  List<Runnable> takeEffects() {
    List<Runnable> taken = effects;
    effects = null;
    return taken == null ? List.of() : taken;
  }

  void reportFailure(HostFailure failure) {
    hostFailure = failure;
  }

  /** See {@link GuestInstance#hostFailure}. */
  @Nullable HostFailure hostFailure() {
    return hostFailure;
  }

  /** Whether this call entered the allocator. False if the host was already inside. */
  boolean enterAllocator() {
    boolean outermost = !inAllocator;
    inAllocator = true;
    return outermost;
  }

  void leaveAllocator() {
    inAllocator = false;
  }

  /** Passes on the output that the guest wrote without a line end. */
  void flushOutput() {
    wasi.flush();
  }

  void snapshot() {
    wasi.snapshot();
  }

  void reset() {
    wasi.reset();
  }

  @Nullable String differenceFromSnapshot() {
    return wasi.differenceFromSnapshot();
  }
}
