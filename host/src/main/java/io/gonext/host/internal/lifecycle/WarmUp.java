package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.EngineException;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.internal.abi.GuestAbi;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * Exercises one version of a plugin, so that the JIT compiler has compiled its code before requests
 * depend on it. It repeats inputs in turn, in instances of its own, whose host functions change
 * nothing, and which are discarded. It ends when the time per call has stopped falling.
 *
 * <p>It may be run piece by piece. Used by one thread at a time.
 */
final class WarmUp {
  /** The most calls in one window, for which the time per call is measured. */
  private static final int WINDOW = 500;

  /** A window of slow calls ends after this time. */
  private static final long WINDOW_NANOS = 100_000_000;

  /**
   * Before that many calls a steady time may be that of the JIT's first tier: its optimizing tier
   * takes code up after some 5,000 invocations and 10,000 loops, in the background.
   */
  private static final int MIN_CALLS = 12_000;

  /** A call that is slow has many loops: then this time is enough, whatever the calls. */
  private static final long MIN_NANOS = 3_000_000_000L;

  /** The number of consecutive windows without a gain after which the exercise ends. */
  private static final int STEADY_WINDOWS = 4;

  /** A window is faster when it gains at least a tenth. */
  private static final double FASTER = 0.9;

  private final CompiledModule module;
  private final Function<Duration, InstanceConfig> config;
  private final Duration callLimit;
  private final Clocks clocks;
  private final List<Input> left;

  private long calls;
  private long failures;
  private long busyNanos;
  private boolean settled;
  private Window window = new Window();
  private Steadiness steadiness = new Steadiness();

  /** A call to repeat. */
  record Input(byte[] hook, byte[] payload) {}

  /**
   * What an exercise is measured by.
   *
   * @param time of the budget
   * @param work what the calling thread has computed: on a machine that has much else to do, time
   *     says little about how fast the code is
   * @param compiling how long the JIT compiler has worked, of all its threads
   * @param pause waits for so long
   */
  record Clocks(LongSupplier time, LongSupplier work, LongSupplier compiling, LongConsumer pause) {
    static Clocks system() {
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      CompilationMXBean jit = ManagementFactory.getCompilationMXBean();
      boolean known = jit != null && jit.isCompilationTimeMonitoringSupported();
      return new Clocks(
          System::nanoTime,
          threads.isCurrentThreadCpuTimeSupported()
              ? threads::getCurrentThreadCpuTime
              : System::nanoTime,
          known ? () -> TimeUnit.MILLISECONDS.toNanos(jit.getTotalCompilationTime()) : () -> 0,
          LockSupport::parkNanos);
    }
  }

  /**
   * @param config how to make an instance that has no effects outside itself and may take this time
   *     to start
   * @param inputs what to repeat
   * @param callLimit of each call
   */
  WarmUp(
      CompiledModule module,
      Function<Duration, InstanceConfig> config,
      List<Input> inputs,
      Duration callLimit,
      Clocks clocks) {
    this.module = module;
    this.config = config;
    this.left = new ArrayList<>(inputs);
    this.callLimit = callLimit;
    this.clocks = clocks;
  }

  /** How many calls there were. */
  long calls() {
    return calls;
  }

  /** How many inputs failed; each is not used again. */
  long failures() {
    return failures;
  }

  /** How long the calls took together, of the calling thread's work. */
  long busyNanos() {
    return busyNanos;
  }

  /** Whether the time per call had stopped falling. */
  boolean settled() {
    return settled;
  }

  /** Whether there is nothing left to do. */
  boolean isOver() {
    return settled || left.isEmpty();
  }

  /**
   * Goes on until it is over or the time is.
   *
   * @param pauseNanos when no further call begins
   * @param endNanos when a call or a start that is under way is ended; not before {@code
   *     pauseNanos}
   * @param stop asked before each call
   */
  void run(long pauseNanos, long endNanos, BooleanSupplier stop) {
    while (!isOver() && now() - pauseNanos < 0 && !stop.getAsBoolean()) {
      try (GuestInstance instance = module.instantiate(config.apply(until(now(), endNanos)))) {
        if (!repeat(instance, pauseNanos, endNanos, stop)) {
          return;
        }
      } catch (EngineException e) {
        if (!stop.getAsBoolean() && now() - endNanos < 0) {
          // It does not start: no input can change that.
          failures += left.size();
          left.clear();
        }
        return;
      }
    }
  }

  private long now() {
    return clocks.time.getAsLong();
  }

  private Duration until(long now, long endNanos) {
    return Duration.ofNanos(Math.max(1, endNanos - now));
  }

  /** Whether to go on with another instance, because this one failed. */
  private boolean repeat(
      GuestInstance instance, long pauseNanos, long endNanos, BooleanSupplier stop) {
    while (true) {
      Input input = left.get((int) (calls % left.size()));
      long now = now();
      if (now - pauseNanos >= 0 || stop.getAsBoolean()) {
        return false;
      }
      Duration limit = until(now, endNanos);
      long begin = clocks.work.getAsLong();
      try {
        GuestAbi.callHook(
            instance,
            input.hook(),
            input.payload(),
            limit.compareTo(callLimit) < 0 ? limit : callLimit);
        instance.reset();
      } catch (GuestTrap trap) {
        if (!stop.getAsBoolean() && now() - endNanos < 0) {
          failures++;
        }
        left.remove(input);
        window = new Window();
        steadiness = new Steadiness();
        return true;
      }
      calls++;
      long nanos = clocks.work.getAsLong() - begin;
      busyNanos += nanos;
      if (window.isFullAfter(nanos)) {
        boolean steady = steadiness.after(window.nanosPerCall());
        window = new Window();
        if (steady && (calls >= MIN_CALLS || busyNanos >= MIN_NANOS)) {
          settled = true;
          return false;
        }
      }
    }
  }

  /** Calls for which one time per call is measured. */
  private static final class Window {
    private int calls;
    private long nanos;

    boolean isFullAfter(long callNanos) {
      calls++;
      nanos += callNanos;
      return calls >= WINDOW || nanos >= WINDOW_NANOS;
    }

    double nanosPerCall() {
      return (double) nanos / calls;
    }
  }

  /** Whether windows have stopped getting faster. */
  private static final class Steadiness {
    private double best = Double.MAX_VALUE;
    private int steady;

    boolean after(double nanosPerCall) {
      if (nanosPerCall < best * FASTER) {
        best = nanosPerCall;
        steady = 0;
      } else {
        steady++;
      }
      return steady >= STEADY_WINDOWS;
    }
  }
}
