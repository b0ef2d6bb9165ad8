package io.gonext.host.internal.hook;

import io.gonext.host.ChainFailedException;
import io.gonext.host.hook.CallOptions;
import io.gonext.host.hook.Degradation;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.internal.log.AboutPlugin;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** One call of a hook on its way through the handlers. Only the thread that runs it may use it. */
final class Chain {
  private final Rules rules;
  private final boolean failClosed;
  private final long deadlineNanos;
  private List<Degradation> degraded = List.of();

  /** When the next turn begins, while that is known without another look at the clock. */
  private long nowNanos;

  private boolean isNow = true;

  /**
   * What all chains of a host have in common.
   *
   * @param log where failures of handlers go
   * @param nanoTime a monotonic clock
   * @param chainNanos the most time that all handlers of one call have together
   * @param handlerNanos the most time of it that a handler of the application has; a plugin has
   *     limits of its own
   */
  record Rules(Logger log, LongSupplier nanoTime, long chainNanos, long handlerNanos) {
    /** A turn that begins now, for a handler that is not part of a chain. */
    Turn turn(Duration limit) {
      return new Turn(nanoTime, nanoTime.getAsLong(), limit.toNanos());
    }
  }

  Chain(Rules rules, CallOptions options) {
    this.rules = rules;
    this.failClosed = options.failClosed();
    // Saturates, where a Duration's own conversion would throw.
    long asked = TimeUnit.NANOSECONDS.convert(options.limit());
    this.nowNanos = rules.nanoTime.getAsLong();
    this.deadlineNanos = nowNanos + Math.min(rules.chainNanos, asked);
  }

  Turn turn(Registration<?> registration) {
    if (!isNow) {
      nowNanos = rules.nanoTime.getAsLong();
    }
    isNow = false;
    long left = deadlineNanos - nowNanos;
    return new Turn(
        rules.nanoTime,
        nowNanos,
        registration.ofPlugin() ? left : Math.min(rules.handlerNanos, left));
  }

  /** What the handler makes of it, or {@code otherwise} where it fails. */
  <H, R> R run(Registration<H> registration, Turn turn, R otherwise, HandlerProbe.Work<R> work)
      throws InterruptedException {
    try {
      return watched(registration, turn, work);
    } catch (HookFailedException e) {
      turn.forgetStop();
      failed(registration, e);
      return otherwise;
    }
  }

  <H, R> R watched(Registration<H> registration, Turn turn, HandlerProbe.Work<R> work)
      throws HookFailedException, InterruptedException {
    if (turn.deadlineNanos() - turn.beganNanos() <= 0) {
      throw registration
          .probe()
          .refused(HookOutcome.CHAIN_DEADLINE, "no time was left in the chain", turn);
    }
    return registration.probe().watch(turn, work);
  }

  void failed(Registration<?> registration, HookFailedException failure) {
    String plugin = registration.plugin();
    HookOutcome outcome = failure.outcome();
    String reason = failure.getMessage();
    boolean known =
        degraded.stream().anyMatch(d -> d.plugin().equals(plugin) && d.outcome() == outcome);
    // Of several equal failures, one is logged. An open breaker was logged when it opened.
    try (AboutPlugin _ = AboutPlugin.open(plugin)) {
      rules
          .log
          .atLevel(known || outcome == HookOutcome.BREAKER_OPEN ? Level.DEBUG : Level.WARN)
          .setCause(outcome == HookOutcome.EXCEPTION ? failure.getCause() : null)
          .log(
              "plugin {} failed in hook {} ({}): {}", plugin, registration.hook(), outcome, reason);
    }
    if (failClosed) {
      throw new ChainFailedException(
          plugin, registration.hook(), outcome, reason, failure.retryAfter(), failure);
    }
    if (!known) {
      if (degraded.isEmpty()) {
        degraded = new ArrayList<>();
      }
      degraded.add(new Degradation(plugin, outcome, reason));
    }
  }

  /** The handlers that failed so far, each once for each outcome. */
  List<Degradation> degraded() {
    return degraded;
  }
}
