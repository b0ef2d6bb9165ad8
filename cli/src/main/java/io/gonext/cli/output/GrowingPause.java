package io.gonext.cli.output;

import java.time.Duration;

/** Pauses between attempts to connect: each twice as long as the one before, up to 5 s. */
public final class GrowingPause {
  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private Duration next = FIRST;

  /** Begins again with the shortest pause, after an attempt that succeeded. */
  public void reset() {
    next = FIRST;
  }

  /** Waits. */
  public void await() throws InterruptedException {
    Thread.sleep(next);
    Duration twice = next.multipliedBy(2);
    next = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
  }
}
