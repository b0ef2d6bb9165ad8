package io.gonext.host.internal.lifecycle;

import io.gonext.host.BreakerPolicy;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The circuit breaker of one hook or route of a plugin. It opens when too large a share of the
 * calls in a sliding window failed; see {@link BreakerPolicy}. When its time is over, it is half
 * open: at most {@value #TRIALS} calls may try, and the same share of them decides whether it
 * closes or opens again, for twice as long. An opening soon after it closed also doubles the time.
 *
 * <p>Thread-safe. While it is closed, a call that succeeds costs two volatile reads and one
 * increment of a {@link LongAdder}, but takes no lock and does not read the clock.
 */
final class HookBreaker {
  /** Calls that may try a hook whose breaker was open. */
  static final int TRIALS = 5;

  /** The window moves in steps: it holds between nine and ten of these. */
  private static final int STEPS = 10;

  private final String hook;
  private final BreakerPolicy policy;
  private final long stepNanos;
  private final LongSupplier nanoTime;
  private final Consumer<Opening> onOpening;

  private final ReentrantLock lock = new ReentrantLock();

  /** Written under {@link #lock}. */
  private volatile State state;

  /** Ascending, from the last {@link BreakerPolicy#giveUpAfter}. Guarded by {@link #lock}. */
  private final Deque<Interval> openTimes = new ArrayDeque<>();

  /** When the last call succeeded before the window. Guarded by {@link #lock}. */
  private @Nullable Long succeededNanos;

  private volatile HookOutcome lastFailure = HookOutcome.OK;

  /**
   * @param hook for messages
   * @param onOpening called each time that the breaker opens, on the thread of a caller that holds
   *     an instance of the plugin
   */
  HookBreaker(
      String hook, BreakerPolicy policy, LongSupplier nanoTime, Consumer<Opening> onOpening) {
    this.hook = hook;
    this.policy = policy;
    this.stepNanos = Math.max(1, policy.window().toNanos() / STEPS);
    this.nanoTime = nanoTime;
    this.onOpening = onOpening;
    this.state = policy.isOff() ? new Off() : new Closed(nanoTime.getAsLong(), 0);
  }

  /**
   * The breaker opened.
   *
   * @param length for how long
   * @param mostlyOpen whether it was open for most of the time after which a plugin is given up
   */
  record Opening(String hook, Duration length, HookOutcome lastFailure, boolean mostlyOpen) {}

  /** The state that admitted a call; the call hands it back at its end. */
  sealed interface Pass {}

  private sealed interface State {}

  private record Interval(long from, long to) {}

  private record Off() implements State, Pass {}

  /** Calls that fail are looked for; times on that clock. */
  private final class Closed implements State, Pass {
    final long sinceNanos;

    /** For how long it was open before; 0 when it was not. */
    final long afterNanos;

    /** The calls of the steps before the current one, oldest first. Guarded by {@link #lock}. */
    final Deque<Step> earlier = new ArrayDeque<>(STEPS);

    /** Written under {@link #lock}. */
    volatile Step current;

    Closed(long sinceNanos, long afterNanos) {
      this.sinceNanos = sinceNanos;
      this.afterNanos = afterNanos;
      this.current = new Step(sinceNanos);
    }

    void succeeded(long nanos) {
      Step step = current;
      if (nanos - step.beginNanos >= stepNanos) {
        step = stepAt(nanos);
      }
      step.successes.increment();
    }

    private Step stepAt(long nanos) {
      lock.lock();
      try {
        long past = nanos - current.beginNanos;
        if (past >= stepNanos) {
          earlier.addLast(current);
          current = new Step(nanos - past % stepNanos);
          while (!earlier.isEmpty()
              && current.beginNanos - earlier.getFirst().beginNanos >= STEPS * stepNanos) {
            remember(earlier.removeFirst());
          }
        }
        return current;
      } finally {
        lock.unlock();
      }
    }

    /** Under the lock: counts a failure; whether there are too many now. */
    boolean failed(long nanos) {
      stepAt(nanos).failures++;
      long failures = current.failures;
      long successes = current.successes.sum();
      for (Step step : earlier) {
        failures += step.failures;
        successes += step.successes.sum();
      }
      long calls = failures + successes;
      return calls >= policy.minCalls() && failures * 100 >= calls * policy.failurePercent();
    }

    /** Under the lock: the breaker is no longer closed. */
    void end() {
      earlier.forEach(HookBreaker.this::remember);
      remember(current);
    }
  }

  private static final class Step {
    final long beginNanos;
    final LongAdder successes = new LongAdder();

    /** Guarded by the breaker's lock. */
    long failures;

    Step(long beginNanos) {
      this.beginNanos = beginNanos;
    }
  }

  /** Calls are refused until {@code endNanos}. */
  private record Open(long endNanos, long lengthNanos) implements State {}

  /** A few calls try. Its fields are guarded by {@link #lock}. */
  private static final class HalfOpen implements State, Pass {
    final long openNanos;
    int running;
    int succeeded;
    int failed;

    HalfOpen(long openNanos) {
      this.openNanos = openNanos;
    }
  }

  /** Asks for permission to call the hook; null when it may not be called now. */
  @Nullable Pass tryEnter() {
    State now = state;
    if (now instanceof Closed closed) {
      return closed;
    }
    if (now instanceof Open open && nanoTime.getAsLong() - open.endNanos < 0) {
      return null;
    }
    return now instanceof Off off ? off : tryTrial();
  }

  private @Nullable Pass tryTrial() {
    lock.lock();
    try {
      if (state instanceof Open open && nanoTime.getAsLong() - open.endNanos >= 0) {
        state = new HalfOpen(open.lengthNanos);
      }
      return switch (state) {
        case Closed closed -> closed;
        case Off off -> off;
        case Open _ -> null;
        case HalfOpen trial -> {
          if (trial.running + trial.succeeded + trial.failed >= TRIALS) {
            yield null;
          }
          trial.running++;
          yield trial;
        }
      };
    } finally {
      lock.unlock();
    }
  }

  boolean isOpen() {
    return state instanceof Open;
  }

  /**
   * @param nanos a time in the call, on that clock
   */
  void succeeded(Pass pass, long nanos) {
    if (pass instanceof Closed closed) {
      closed.succeeded(nanos);
    } else if (pass instanceof HalfOpen trial) {
      succeededTrial(trial);
    }
  }

  /** Records a failed call. It counts only when the failure is the plugin's fault. */
  void failed(Pass pass, HookFailedException failure) {
    HookOutcome outcome = failure.outcome();
    if (outcome.isFaultOfPlugin()) {
      failed(pass, outcome);
    } else if (outcome == HookOutcome.STATUS) {
      // A status is an answer: the plugin works.
      succeeded(pass, nanoTime.getAsLong());
    } else {
      abandoned(pass);
    }
  }

  /** Records a call whose end says nothing about the plugin; another call may try. */
  void abandoned(Pass pass) {
    if (pass instanceof HalfOpen trial) {
      lock.lock();
      try {
        trial.running--;
      } finally {
        lock.unlock();
      }
    }
  }

  private void failed(Pass pass, HookOutcome outcome) {
    @Nullable Opening opening = null;
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      // Ignore a call that began before the breaker last opened or closed.
      if (pass instanceof Closed closed && closed == state) {
        lastFailure = outcome;
        if (closed.failed(now)) {
          closed.end();
          boolean again =
              closed.afterNanos > 0 && now - closed.sinceNanos < policy.window().toNanos();
          opening = open(now, again ? doubled(closed.afterNanos) : policy.shortestOpen().toNanos());
        }
      } else if (pass instanceof HalfOpen trial && trial == state) {
        lastFailure = outcome;
        trial.running--;
        trial.failed++;
        if (trial.failed >= failuresToOpen()) {
          opening = open(now, doubled(trial.openNanos));
        }
      }
    } finally {
      lock.unlock();
    }
    if (opening != null) {
      onOpening.accept(opening);
    }
  }

  private void succeededTrial(HalfOpen trial) {
    lock.lock();
    try {
      trial.running--;
      trial.succeeded++;
      if (state == trial && trial.succeeded > TRIALS - failuresToOpen()) {
        state = new Closed(nanoTime.getAsLong(), trial.openNanos);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Of the calls that try: the share of the policy, rounded up. */
  private int failuresToOpen() {
    return (TRIALS * policy.failurePercent() + 99) / 100;
  }

  private long doubled(long nanos) {
    return Math.min(2 * nanos, policy.longestOpen().toNanos());
  }

  private Opening open(long now, long length) {
    boolean mostly = isMostlyOpen(now);
    openTimes.addLast(new Interval(now, now + length));
    state = new Open(now + length, length);
    return new Opening(hook, Duration.ofNanos(length), lastFailure, mostly);
  }

  /** Whether it was open for most of the time after which a plugin is given up. */
  boolean isMostlyOpen() {
    lock.lock();
    try {
      return isMostlyOpen(nanoTime.getAsLong());
    } finally {
      lock.unlock();
    }
  }

  private boolean isMostlyOpen(long now) {
    long span = policy.giveUpAfter().toNanos();
    while (!openTimes.isEmpty() && now - openTimes.getFirst().to >= span) {
      openTimes.removeFirst();
    }
    long open = 0;
    for (Interval interval : openTimes) {
      long sinceFrom = Math.min(span, now - interval.from);
      long sinceTo = Math.max(0, now - interval.to);
      open += sinceFrom - sinceTo;
    }
    return open >= span / 5 * 4;
  }

  /** Whether calls have succeeded lately while it was closed. */
  boolean hasServedLately() {
    lock.lock();
    try {
      if (state instanceof Closed closed) {
        // Updates succeededNanos from the successes in the window.
        closed.end();
      }
      return succeededNanos != null
          && nanoTime.getAsLong() - succeededNanos < policy.giveUpAfter().toNanos();
    } finally {
      lock.unlock();
    }
  }

  private void remember(Step step) {
    long end = step.beginNanos + stepNanos;
    if (step.successes.sum() > 0 && (succeededNanos == null || end - succeededNanos > 0)) {
      succeededNanos = end;
    }
  }

  /** How long it will refuse calls at least; one second while it is half open. */
  Duration retryAfter() {
    long left = state instanceof Open open ? open.endNanos - nanoTime.getAsLong() : 0;
    return left > 0 ? Duration.ofNanos(left) : Duration.ofNanos(TimeUnit.SECONDS.toNanos(1));
  }

  /** 0 closed, 1 half open, 2 open. */
  int stateCode() {
    return switch (state) {
      case Closed _, Off _ -> 0;
      case HalfOpen _ -> 1;
      case Open open -> nanoTime.getAsLong() - open.endNanos < 0 ? 2 : 1;
    };
  }

  /** Why calls are refused, or empty while they are not. */
  Optional<String> trouble() {
    return switch (stateCode()) {
      case 2 -> Optional.of("circuit breaker open, last failure " + lastFailure);
      case 1 -> Optional.of("circuit breaker half open, last failure " + lastFailure);
      default -> Optional.empty();
    };
  }

  String hook() {
    return hook;
  }
}
