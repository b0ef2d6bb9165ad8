package io.gonext.host.internal.hook;

import io.gonext.host.NotedCall;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import io.gonext.host.internal.calls.HandlerCalls;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Scope;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Watches one handler of one hook: times it by outcome, and traces each turn in a span of its own
 * where there is a tracer. {@link SeriesBudget} bounds the series.
 *
 * <p>Thread-safe.
 */
public final class HandlerProbe {
  /** Of a timer: how often, how long in all, and the longest. */
  private static final int SERIES = 3;

  private static final AttributeKey<String> PLUGIN = AttributeKey.stringKey("gonext.plugin");
  private static final AttributeKey<String> VERSION = AttributeKey.stringKey("gonext.version");
  private static final AttributeKey<String> HOOK = AttributeKey.stringKey("gonext.hook");
  private static final AttributeKey<String> OUTCOME = AttributeKey.stringKey("gonext.outcome");
  private static final AttributeKey<String> ERROR_TYPE = AttributeKey.stringKey("error.type");
  private static final AttributeKey<Long> GUEST_NANOS = AttributeKey.longKey("gonext.guest_ns");
  private static final AttributeKey<Long> HOST_NANOS = AttributeKey.longKey("gonext.host_ns");
  private static final AttributeKey<Long> WAIT_NANOS = AttributeKey.longKey("gonext.wait_ns");
  private static final AttributeKey<Long> FUEL = AttributeKey.longKey("gonext.fuel");

  private final MeterRegistry meters;
  private final SeriesBudget series;
  private final @Nullable Tracer tracer;
  private final LongSupplier nanoTime;
  private final String plugin;
  private final String hook;
  private final FailedTurns failures;
  private final CallNotes recorder;
  private final HandlerCalls calls;
  private final Timer succeeded;
  private final Timer times;

  /**
   * @param failures counts the turns that end otherwise than OK, whatever {@code meters} keeps, and
   *     tells of them
   * @param recorder of the plugin
   */
  HandlerProbe(
      MeterRegistry meters,
      SeriesBudget series,
      @Nullable Tracer tracer,
      LongSupplier nanoTime,
      String plugin,
      String hook,
      FailedTurns failures,
      CallNotes recorder,
      Timer times) {
    this.meters = meters;
    this.series = series;
    this.tracer = tracer;
    this.nanoTime = nanoTime;
    this.plugin = plugin;
    this.hook = hook;
    this.failures = failures;
    this.recorder = recorder;
    this.calls = recorder.handler(NotedCall.Kind.HOOK, hook);
    this.succeeded = timer(HookOutcome.OK);
    this.times = times;
  }

  /** What a handler does in its turn. */
  @FunctionalInterface
  public interface Work<R> {
    R run(Turn turn) throws HookFailedException, InterruptedException;
  }

  /**
   * Runs a handler.
   *
   * @throws HookFailedException also for any other exception but an interrupt, for a handler that
   *     ran out of stack or failed an assertion, and for a result that comes after the turn's
   *     deadline
   */
  public <R> R watch(Turn turn, Work<R> work) throws HookFailedException, InterruptedException {
    try {
      return tracer == null ? timed(turn, work) : traced(tracer, turn, work);
    } finally {
      if (turn.waitNanos() > 0) {
        waits().record(turn.waitNanos(), TimeUnit.NANOSECONDS);
      }
    }
  }

  /** Whether turns have spans. */
  public boolean traces() {
    return tracer != null;
  }

  private Timer waits() {
    return Timer.builder("gonext.plugin.wait")
        .description("The part of the time in a handler that a plugin waited in host functions")
        .tags(series.tags(plugin, "gonext.plugin.wait", SERIES, Tag.of("hook", hook)))
        .register(meters);
  }

  private <R> R timed(Turn turn, Work<R> work) throws HookFailedException, InterruptedException {
    try {
      R result = Objects.requireNonNull(work.run(turn), "it returned null");
      long now = nanoTime.getAsLong();
      if (now - turn.deadlineNanos() > 0) {
        throw new HookFailedException(HookOutcome.DEADLINE, "it did not end in its time", null);
      }
      long took = now - turn.beganNanos();
      succeeded.record(took, TimeUnit.NANOSECONDS);
      times.record(took, TimeUnit.NANOSECONDS);
      recorder.succeeded(calls(turn), turn, took);
      return result;
    } catch (HookFailedException e) {
      throw failed(e, turn);
    } catch (InterruptedException e) {
      untold(HookOutcome.INTERRUPTED, turn);
      throw e;
    } catch (RuntimeException | StackOverflowError | AssertionError e) {
      throw failed(new HookFailedException(HookOutcome.EXCEPTION, "it threw " + e, e), turn);
    } catch (Error e) {
      untold(HookOutcome.EXCEPTION, turn);
      throw e;
    }
  }

  private <R> R traced(Tracer to, Turn turn, Work<R> work)
      throws HookFailedException, InterruptedException {
    Span span = to.spanBuilder("gonext.hook " + hook).startSpan();
    HookOutcome outcome = HookOutcome.EXCEPTION;
    try (Scope _ = CallSpan.context(plugin, span).makeCurrent()) {
      R result = timed(turn, work);
      outcome = HookOutcome.OK;
      return result;
    } catch (HookFailedException e) {
      outcome = e.outcome();
      span.setAttribute(ERROR_TYPE, outcome.name());
      span.setStatus(StatusCode.ERROR, outcome.name());
      throw e;
    } catch (InterruptedException e) {
      outcome = HookOutcome.INTERRUPTED;
      throw e;
    } finally {
      span.setAttribute(PLUGIN, plugin);
      span.setAttribute(VERSION, turn.version());
      span.setAttribute(HOOK, hook);
      span.setAttribute(OUTCOME, outcome.name());
      span.setAttribute(GUEST_NANOS, turn.guestNanos());
      span.setAttribute(HOST_NANOS, turn.hostNanos());
      span.setAttribute(WAIT_NANOS, turn.waitNanos());
      if (turn.fuel() > 0) {
        span.setAttribute(FUEL, turn.fuel());
      }
      span.end();
    }
  }

  /** Counts a turn that does not run as failed. */
  HookFailedException refused(HookOutcome outcome, String reason, Turn turn) {
    return failed(new HookFailedException(outcome, reason, null), turn);
  }

  private HookFailedException failed(HookFailedException failure, Turn turn) {
    long took = record(failure.outcome(), turn);
    TurnFailure told = recorder.told(failure, turn, hook);
    failures.add(told);
    recorder.failed(calls(turn), turn, took, told);
    return failure;
  }

  private void untold(HookOutcome outcome, Turn turn) {
    failures.addUntold();
    calls(turn).failed(outcome, record(outcome, turn));
  }

  private HandlerCalls calls(Turn turn) {
    HandlerCalls one = turn.handler();
    return one == null ? calls : one;
  }

  private long record(HookOutcome outcome, Turn turn) {
    long took = nanoTime.getAsLong() - turn.beganNanos();
    timer(outcome).record(took, TimeUnit.NANOSECONDS);
    if (HandlerCalls.ran(outcome)) {
      times.record(took, TimeUnit.NANOSECONDS);
    }
    return took;
  }

  private Timer timer(HookOutcome outcome) {
    return Timer.builder("gonext.plugin.hook")
        .description("Time in one handler of a hook, by outcome")
        .tags(
            series.tags(
                plugin,
                "gonext.plugin.hook",
                SERIES,
                Tag.of("hook", hook),
                Tag.of("outcome", outcome.name())))
        .register(meters);
  }
}
