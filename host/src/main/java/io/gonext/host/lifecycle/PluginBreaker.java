package io.gonext.host.lifecycle;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreaker.State;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig.SlidingWindowType;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookOutcome;
import io.gonext.pool.Ticker;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Keeps a plugin that keeps failing from being called: {@value #FAILURES} failures within a minute
 * open it for a minute; then one call may try, and closes it or opens it again. The {@value
 * #OPENINGS}rd opening within an hour is reported.
 *
 * <p>Thread-safe. While it is closed a call that succeeds costs two volatile reads.
 */
final class PluginBreaker {
  static final int FAILURES = 5;
  static final Duration WINDOW = Duration.ofMinutes(1);
  static final Duration OPEN = Duration.ofMinutes(1);
  static final int OPENINGS = 3;
  static final Duration OPENINGS_WINDOW = Duration.ofHours(1);

  /** What a caller was told at the door; it goes with the call to its end. */
  enum Entry {
    FREE,
    /** The one call that tries a plugin whose breaker was open. */
    PROBE,
    REFUSED
  }

  private final CircuitBreaker breaker;
  private final Ticker ticker;
  private final Consumer<String> onOpening;
  private final Consumer<String> onTooManyOpenings;

  private final ReentrantLock lock = new ReentrantLock();

  /** When it opened, within the last hour. Guarded by {@link #lock}. */
  private final Deque<Long> openings = new ArrayDeque<>();

  private volatile HookOutcome lastFailure = HookOutcome.OK;
  private volatile long openedNanos;

  /**
   * @param onOpening is told why, each time
   * @param onTooManyOpenings is told why it opened too often; called by a thread that called the
   *     plugin, so it must not wait for such
   */
  PluginBreaker(
      String plugin,
      Ticker ticker,
      Consumer<String> onOpening,
      Consumer<String> onTooManyOpenings) {
    this.ticker = ticker;
    this.onOpening = onOpening;
    this.onTooManyOpenings = onTooManyOpenings;
    Clock clock = new TickerClock(ticker);
    // Only failures are recorded, so that all of what is in the window is failures, and the least
    // number of calls is the number of failures.
    this.breaker =
        CircuitBreaker.of(
            plugin,
            CircuitBreakerConfig.custom()
                .slidingWindowType(SlidingWindowType.TIME_BASED)
                .slidingWindowSize((int) WINDOW.toSeconds())
                .minimumNumberOfCalls(FAILURES)
                .failureRateThreshold(100)
                .waitDurationInOpenState(OPEN)
                .permittedNumberOfCallsInHalfOpenState(1)
                .clock(clock)
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(event -> {
          if (event.getStateTransition().getToState() == State.OPEN) {
            opened();
          }
        });
  }

  /** Asks to call the plugin; unless it was refused, one of the methods below is called after. */
  Entry tryEnter() {
    if (!breaker.tryAcquirePermission()) {
      return Entry.REFUSED;
    }
    return breaker.getState() == State.HALF_OPEN ? Entry.PROBE : Entry.FREE;
  }

  boolean isOpen() {
    return breaker.getState() == State.OPEN;
  }

  void succeeded(Entry entry) {
    if (entry == Entry.PROBE) {
      breaker.onSuccess(0, TimeUnit.NANOSECONDS);
    }
  }

  void failed(Entry entry, HookFailedException failure) {
    if (!failure.outcome().isFaultOfPlugin()) {
      // A status is an answer; anything else says nothing about the plugin.
      if (failure.outcome() == HookOutcome.STATUS) {
        succeeded(entry);
      } else {
        abandoned(entry);
      }
      return;
    }
    // A call from before the breaker opened is not the one that may try.
    if (entry == Entry.PROBE || breaker.getState() == State.CLOSED) {
      lastFailure = failure.outcome();
      breaker.onError(0, TimeUnit.NANOSECONDS, failure);
    }
  }

  /** The call ended in a way that says nothing about the plugin; another may try. */
  void abandoned(Entry entry) {
    if (entry == Entry.PROBE) {
      breaker.releasePermission();
    }
  }

  /** How long it stays open at least; a second while one call tries. */
  Duration retryAfter() {
    long left = openedNanos + OPEN.toNanos() - ticker.nanos();
    return Duration.ofNanos(Math.max(left, TimeUnit.SECONDS.toNanos(1)));
  }

  /** Why calls are refused, or empty while they are not. */
  Optional<String> trouble() {
    return switch (breaker.getState()) {
      case OPEN -> Optional.of("circuit breaker open, last failure " + lastFailure);
      case HALF_OPEN -> Optional.of("circuit breaker half open, last failure " + lastFailure);
      default -> Optional.empty();
    };
  }

  private void opened() {
    long now = ticker.nanos();
    openedNanos = now;
    boolean tooMany;
    lock.lock();
    try {
      openings.addLast(now);
      while (now - openings.getFirst() > OPENINGS_WINDOW.toNanos()) {
        openings.removeFirst();
      }
      tooMany = openings.size() >= OPENINGS;
    } finally {
      lock.unlock();
    }
    onOpening.accept("last failure " + lastFailure);
    if (tooMany) {
      onTooManyOpenings.accept(
          "its circuit breaker opened "
              + OPENINGS
              + " times within an hour, last failure "
              + lastFailure);
    }
  }
}
