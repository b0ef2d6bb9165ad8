package io.gonext.host.internal.lifecycle;

import io.gonext.engine.CallTimes;
import io.gonext.engine.GuestInstance;
import io.gonext.engine.GuestTrap;
import io.gonext.engine.HostFailure;
import io.gonext.engine.RunLimits;
import io.gonext.engine.TrapCause;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.abi.GuestAbi;
import io.gonext.host.internal.abi.HookReply;
import io.gonext.host.internal.audit.PluginAudit;
import io.gonext.host.internal.hook.Turn;
import io.gonext.pool.AllocationException;
import io.gonext.pool.CheckoutTimeoutException;
import io.gonext.pool.InstancePool;
import io.gonext.pool.Lease;
import io.gonext.pool.PoolException;
import io.gonext.pool.PoolSaturatedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Calls into the pooled instances of one version of a plugin. It turns everything that can go wrong
 * into a {@link HookOutcome}. A caller waits for an instance for at most half of its time, in a
 * queue of bounded length, and not at all while the circuit breaker is open.
 *
 * <p>Thread-safe.
 */
final class PooledCalls {
  private final String version;
  private final InstancePool<GuestInstance> pool;
  private final PluginAudit audit;
  private final LateCalls late;
  private final FuelUse fuel;
  private final EffectiveLimits limits;
  private final long limitNanos;
  private final long waitLimitNanos;
  private final Duration patience;
  private final boolean remembersInputs;
  private final CallRecorder recorder;

  /** Gets the instance of each lease that ends well; null when nobody listens. */
  private volatile @Nullable Consumer<GuestInstance> watch;

  /**
   * @param limits of one turn; what the plugin computes includes waiting for an instance
   * @param remembersInputs whether a few payloads are kept for the next version's exercise
   * @param recorder records leases while an operator asks for it
   */
  PooledCalls(
      String version,
      InstancePool<GuestInstance> pool,
      PluginAudit audit,
      LateCalls late,
      FuelUse fuel,
      EffectiveLimits limits,
      boolean remembersInputs,
      CallRecorder recorder) {
    this.version = version;
    this.pool = pool;
    this.audit = audit;
    this.late = late;
    this.fuel = fuel;
    this.limits = limits;
    this.limitNanos = limits.call().toNanos();
    this.waitLimitNanos = limits.waits().toNanos();
    this.patience = limits.call().dividedBy(2);
    this.remembersInputs = remembersInputs;
    this.recorder = recorder;
  }

  /** Reports, for each lease from now on, how many bytes of its instance's memory it wrote to. */
  void watchMemory(LongConsumer touchedBytes) {
    watch = instance -> touchedBytes.accept(instance.touchedBytes());
  }

  /** Shows the instance of each lease that ends well from now on; nobody listens to null. */
  void watchInstances(@Nullable Consumer<GuestInstance> listener) {
    watch = listener;
  }

  private void show(Lease<GuestInstance> lease) {
    Consumer<GuestInstance> listener = watch;
    if (listener != null) {
      listener.accept(lease.get());
    }
  }

  /**
   * Converts a guest's answer, or fails. After {@link HookOutcome#BAD_ANSWER} the instance is not
   * used again.
   */
  @FunctionalInterface
  interface Reading<R> {
    R of(HookReply reply) throws HookFailedException;
  }

  /** One call of a hook in one lease, unless its breaker is open. */
  <R> R call(Breakers.Guard guard, PluginHook hook, byte[] payload, Turn turn, Reading<R> reading)
      throws HookFailedException, InterruptedException {
    return guarded(
        guard,
        turn,
        (lease, recording) -> {
          HookReply reply = call(guard, lease, recording, hook, payload, turn);
          if (reply instanceof HookReply.Failed) {
            // A job's status is a result for its reader, and a failure for what was put off.
            var _ = lease.get().takeEffects();
          }
          return read(lease, hook, reply, reading);
        });
  }

  /**
   * Several calls of a hook in one lease, one after the other, unless its breaker is open.
   *
   * @param reading of the nth reply
   */
  <R> List<R> callAll(
      Breakers.Guard guard,
      PluginHook hook,
      List<byte[]> payloads,
      Turn turn,
      IntFunction<Reading<R>> reading)
      throws HookFailedException, InterruptedException {
    return guarded(
        guard,
        turn,
        (lease, recording) -> {
          List<R> results = new ArrayList<>(payloads.size());
          for (int i = 0; i < payloads.size(); i++) {
            HookReply reply = call(guard, lease, recording, hook, payloads.get(i), turn);
            results.add(read(lease, hook, reply, reading.apply(i)));
          }
          return results;
        });
  }

  /**
   * The part of a turn whose result the breaker records: calls, and the reading of their answers.
   */
  @FunctionalInterface
  private interface Work<R> {
    R run(Lease<GuestInstance> lease, CallRecorder.@Nullable Session recording)
        throws HookFailedException, InterruptedException;
  }

  /**
   * Does the work in a lease unless the breaker is open, and records the result in the breaker.
   * What the guest asked to be done after its success happens when the lease has ended.
   */
  private <R> R guarded(Breakers.Guard guard, Turn turn, Work<R> work)
      throws HookFailedException, InterruptedException {
    HookBreaker breaker = guard.breaker();
    HookBreaker.Pass pass = breaker.tryEnter();
    if (pass == null) {
      throw refused(guard);
    }
    R result;
    List<Runnable> effects;
    CallRecorder.Session recording = null;
    try (Lease<GuestInstance> lease = checkout(turn)) {
      recording = recorder.begin(version, limits.memoryPages(), lease.get());
      // Of a call before this one that failed, or of the instance's start.
      var _ = lease.get().takeEffects();
      result = work.run(lease, recording);
      effects = lease.get().takeEffects();
      show(lease);
      if (turn.watchesMemory()) {
        turn.touched(lease.get().touchedBytes());
      }
      breaker.succeeded(pass, turn.beganNanos());
    } catch (HookFailedException e) {
      breaker.failed(pass, e);
      keep(recording, e.outcome().name(), turn);
      throw e;
    } catch (InterruptedException | RuntimeException | Error e) {
      breaker.abandoned(pass);
      throw e;
    }
    keep(recording, null, turn);
    effects.forEach(Runnable::run);
    return result;
  }

  private static void keep(
      CallRecorder.@Nullable Session recording, @Nullable String failure, Turn turn) {
    if (recording != null) {
      turn.recorded(recording.end(failure));
    }
  }

  /** Runs within the lease, because an instance with a bad answer must not get the next call. */
  private <R> R read(
      Lease<GuestInstance> lease, PluginHook hook, HookReply reply, Reading<R> reading)
      throws HookFailedException {
    try {
      return reading.of(reply);
    } catch (HookFailedException e) {
      if (e.outcome() == HookOutcome.BAD_ANSWER) {
        lease.markUnusable(e);
        audit.answeredNonsense(hook.name(), e.getMessage());
      }
      throw blamedRight(lease.get(), e);
    }
  }

  /** What the turn lets the plugin compute. Its waits shorten that where a chain's time ends. */
  private long computeNanos(Turn turn, long waitNanos) {
    return Math.min(limitNanos, turn.deadlineNanos() - turn.beganNanos() - waitNanos);
  }

  private RunLimits limits(Turn turn) {
    return new RunLimits(
        late.softLimit(),
        turn.beganNanos() + limitNanos + turn.waitNanos(),
        Duration.ofNanos(waitLimitNanos - turn.waitNanos()),
        turn.deadlineNanos(),
        limits.fuelBudget(turn.fuel()));
  }

  private Lease<GuestInstance> checkout(Turn turn)
      throws HookFailedException, InterruptedException {
    try {
      return pool.checkout(
          computeNanos(turn, 0) == limitNanos
              ? patience
              : Duration.ofNanos(computeNanos(turn, 0) / 2),
          turn);
    } catch (CheckoutTimeoutException | PoolSaturatedException e) {
      throw new HookFailedException(HookOutcome.SATURATED, e.getMessage(), e);
    } catch (AllocationException e) {
      throw new HookFailedException(HookOutcome.NO_INSTANCE, e.getMessage(), e);
    } catch (PoolException e) {
      throw new HookFailedException(HookOutcome.UNAVAILABLE, e.getMessage(), e);
    }
  }

  private HookReply call(
      Breakers.Guard guard,
      Lease<GuestInstance> lease,
      CallRecorder.@Nullable Session recording,
      PluginHook hook,
      byte[] payload,
      Turn turn)
      throws HookFailedException, InterruptedException {
    if (guard.breaker().isOpen()) {
      // The breaker opened while this caller waited for an instance.
      throw refused(guard);
    }
    GuestInstance instance = lease.get();
    try {
      HookReply reply =
          recording == null
              ? run(instance, hook, payload, turn)
              : recording.record(hook, payload, () -> run(instance, hook, payload, turn));
      if (instance.lastRun().late()) {
        late.happened(hook.name(), instance.lastRun());
      }
      if (remembersInputs) {
        hook.recent().offer(payload, turn.beganNanos());
      }
      return reply;
    } catch (GuestTrap trap) {
      lease.markUnusable(trap);
      audit.trapped(hook.name(), trap.trapCause().code(), trap.getMessage());
      throw blamedRight(instance, failure(trap, turn, instance.lastRun()));
    } catch (RuntimeException | Error e) {
      lease.markUnusable(e);
      throw e;
    } finally {
      turn.ran(version, instance.lastRun());
      fuel.ran(instance);
    }
  }

  private HookReply run(GuestInstance instance, PluginHook hook, byte[] payload, Turn turn) {
    return hook.isJob()
        ? GuestAbi.callJob(instance, hook.utf8(), payload, limits(turn))
        : GuestAbi.callHook(instance, hook.utf8(), payload, limits(turn));
  }

  /**
   * Does not blame a plugin that failed after something that it needs, such as the store or a
   * server that it called, had failed in the same call. A plugin that computes to its deadline, or
   * until its fuel is used, is to blame whatever failed before.
   */
  private static HookFailedException blamedRight(GuestInstance instance, HookFailedException e) {
    HookOutcome outcome = e.outcome();
    // Not a switch: its class would be initialized by the first failure, maybe in a full heap.
    boolean mayBeOthers =
        outcome == HookOutcome.STATUS
            || outcome == HookOutcome.WAIT_LIMIT
            || (outcome != HookOutcome.DEADLINE
                && outcome != HookOutcome.OUT_OF_FUEL
                && outcome.isFaultOfPlugin());
    HostFailure hostFailure = mayBeOthers ? instance.hostFailure() : null;
    if (hostFailure == null) {
      return e;
    }
    return new HookFailedException(
        HookOutcome.valueOf(hostFailure.code()),
        hostFailure.reason() + ", and then " + e.outcome() + ": " + e.getMessage(),
        e);
  }

  private HookFailedException failure(GuestTrap trap, Turn turn, CallTimes times)
      throws InterruptedException {
    HookOutcome outcome =
        switch (trap.trapCause()) {
          case TrapCause.Unreachable _ -> HookOutcome.UNREACHABLE;
          case TrapCause.OutOfBounds _ -> HookOutcome.OUT_OF_BOUNDS;
          case TrapCause.Division _ -> HookOutcome.DIVISION;
          case TrapCause.IndirectCall _ -> HookOutcome.INDIRECT_CALL;
          case TrapCause.UncaughtException _ -> HookOutcome.UNCAUGHT_EXCEPTION;
          case TrapCause.StackExhausted _ -> HookOutcome.STACK_EXHAUSTED;
          case TrapCause.MemoryLimit _ -> HookOutcome.MEMORY_LIMIT;
          case TrapCause.GuestPanic _ -> HookOutcome.GUEST_PANIC;
          case TrapCause.Exit _ -> HookOutcome.EXIT;
          case TrapCause.AbiViolation _ -> HookOutcome.ABI_VIOLATION;
          case TrapCause.HostFailure _ -> HookOutcome.HOST_FAILURE;
          // Not the plugin's fault when it had less than half of its time.
          case TrapCause.Deadline _ ->
              computeNanos(turn, turn.waitNanos() + times.waitNanos()) < limitNanos / 2
                  ? HookOutcome.CUT_SHORT
                  : HookOutcome.DEADLINE;
          case TrapCause.OutOfFuel _ -> HookOutcome.OUT_OF_FUEL;
          case TrapCause.WaitLimit _ -> HookOutcome.WAIT_LIMIT;
          case TrapCause.Interrupted _ -> {
            Thread.interrupted();
            InterruptedException interrupted = new InterruptedException("during a call of a guest");
            interrupted.initCause(trap);
            throw interrupted;
          }
        };
    return new HookFailedException(outcome, trap.getMessage(), trap);
  }

  private static HookFailedException refused(Breakers.Guard guard) {
    guard.refused().increment();
    return new HookFailedException(
        HookOutcome.BREAKER_OPEN,
        guard.breaker().trouble().orElse("circuit breaker open"),
        null,
        guard.breaker().retryAfter());
  }
}
