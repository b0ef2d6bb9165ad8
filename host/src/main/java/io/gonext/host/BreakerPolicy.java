package io.gonext.host;

import java.time.Duration;

/**
 * When the circuit breaker of a hook or route opens, and for how long.
 *
 * @param failurePercent it opens when at least this share of the calls in the window failed, from 1
 *     to 100; 0 for no breaker
 * @param minCalls the fewest calls in the window by which it may open
 * @param window how far back calls count
 * @param shortestOpen for how long it opens first; each opening that follows doubles that
 * @param longestOpen for how long it opens at most
 * @param giveUpAfter a plugin is taken out of service when its breakers were open for four fifths
 *     of this time
 */
public record BreakerPolicy(
    int failurePercent,
    int minCalls,
    Duration window,
    Duration shortestOpen,
    Duration longestOpen,
    Duration giveUpAfter) {
  private static final Duration LEAST = Duration.ofMillis(1);
  private static final Duration MOST = Duration.ofDays(1);

  /** 50 % of at least 20 calls in 30 s, for 1 s to 60 s; out of service after 10 minutes. */
  public static final BreakerPolicy DEFAULT =
      new BreakerPolicy(
          50,
          20,
          Duration.ofSeconds(30),
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          Duration.ofMinutes(10));

  /** No breaker: a plugin is called however often it fails. */
  public static final BreakerPolicy OFF =
      new BreakerPolicy(
          0,
          DEFAULT.minCalls,
          DEFAULT.window,
          DEFAULT.shortestOpen,
          DEFAULT.longestOpen,
          DEFAULT.giveUpAfter);

  public BreakerPolicy {
    if (failurePercent < 0 || failurePercent > 100) {
      throw new IllegalArgumentException(
          "failurePercent must be from 1 to 100, or 0 for no breaker: " + failurePercent);
    }
    if (minCalls < 1) {
      throw new IllegalArgumentException("minCalls must be at least 1: " + minCalls);
    }
    requireInRange("window", window);
    requireInRange("shortestOpen", shortestOpen);
    requireInRange("longestOpen", longestOpen);
    requireInRange("giveUpAfter", giveUpAfter);
    if (longestOpen.compareTo(shortestOpen) < 0) {
      throw new IllegalArgumentException("longestOpen must not be below shortestOpen");
    }
    if (giveUpAfter.compareTo(window) < 0) {
      throw new IllegalArgumentException("giveUpAfter must not be below window");
    }
  }

  private static void requireInRange(String name, Duration value) {
    if (value.compareTo(LEAST) < 0 || value.compareTo(MOST) > 0) {
      throw new IllegalArgumentException(name + " must be from 1 ms to a day: " + value);
    }
  }

  public boolean isOff() {
    return failurePercent == 0;
  }

  /** A copy that opens at this share of at least so many calls within the window. */
  public BreakerPolicy withThreshold(int percent, int calls, Duration within) {
    return new BreakerPolicy(percent, calls, within, shortestOpen, longestOpen, giveUpAfter);
  }

  /** A copy that opens for so long. */
  public BreakerPolicy withOpen(Duration shortest, Duration longest) {
    return new BreakerPolicy(failurePercent, minCalls, window, shortest, longest, giveUpAfter);
  }

  /** A copy that gives a plugin up after so long. */
  public BreakerPolicy withGiveUpAfter(Duration time) {
    return new BreakerPolicy(failurePercent, minCalls, window, shortestOpen, longestOpen, time);
  }
}
