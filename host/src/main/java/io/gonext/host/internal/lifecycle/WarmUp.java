package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CompiledModule;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.InstanceConfig;
import io.gonext.host.internal.abi.GuestAbi;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * Exercises a version that does not serve yet, so that the JIT compiler has compiled its code
 * before the first request. It runs in its own instance, whose host functions change nothing, and
 * which is discarded.
 */
final class WarmUp {
  /** Calls in one window, for which the time per call is measured. */
  private static final int WINDOW = 500;

  /**
   * Before that many calls a steady time may be that of the JIT's first tier: its optimizing tier
   * takes code up after some 5,000 invocations and 10,000 loops, in the background.
   */
  private static final int MIN_CALLS = 12_000;

  /** The number of consecutive windows without a gain after which the exercise ends. */
  private static final int STEADY_WINDOWS = 4;

  /** A window is faster when it gains at least a tenth. */
  private static final double FASTER = 0.9;

  private final LongSupplier nanoTime;

  WarmUp(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /** A call to repeat. */
  record Input(byte[] hook, byte[] payload) {}

  /**
   * The result of an exercise.
   *
   * @param settled whether the time per call had stopped falling at the end
   */
  record Result(long calls, boolean settled) {}

  /**
   * Repeats the inputs in turn until the time per call settles or the budget is spent. An input
   * that traps is not used again.
   *
   * @param config without effects outside the instance
   * @param callLimit of each call
   * @param stop asked before each call
   */
  Result run(
      CompiledModule module,
      InstanceConfig config,
      List<Input> inputs,
      Duration budget,
      Duration callLimit,
      BooleanSupplier stop) {
    List<Input> left = new ArrayList<>(inputs);
    long end = nanoTime.getAsLong() + budget.toNanos();
    Steadiness steadiness = new Steadiness();
    long calls = 0;
    while (!left.isEmpty() && nanoTime.getAsLong() - end < 0 && !stop.getAsBoolean()) {
      try (GuestInstance instance = module.instantiate(config)) {
        while (true) {
          long begin = nanoTime.getAsLong();
          for (int i = 0; i < WINDOW; i++) {
            Input input = left.get((int) (calls % left.size()));
            long now = nanoTime.getAsLong();
            if (now - end >= 0 || stop.getAsBoolean()) {
              return new Result(calls, false);
            }
            Duration limit = Duration.ofNanos(Math.min(callLimit.toNanos(), end - now));
            try {
              GuestAbi.callHook(instance, input.hook(), input.payload(), limit);
            } catch (GuestTrap trap) {
              left.remove(input);
              throw trap;
            }
            instance.reset();
            calls++;
          }
          if (steadiness.after(nanoTime.getAsLong() - begin) && calls >= MIN_CALLS) {
            return new Result(calls, true);
          }
        }
      } catch (GuestTrap trap) {
        steadiness = new Steadiness(); // goes on in a new instance, without that input
      }
    }
    return new Result(calls, left.isEmpty());
  }

  /** Whether windows have stopped getting faster. */
  private static final class Steadiness {
    private long best = Long.MAX_VALUE;
    private int steady;

    boolean after(long windowNanos) {
      if (windowNanos < best * FASTER) {
        best = windowNanos;
        steady = 0;
      } else {
        steady++;
      }
      return steady >= STEADY_WINDOWS;
    }
  }
}
