package io.gonext.cli.dev;

import java.time.Duration;
import java.time.LocalTime;

/** Time as the developer loop sees it: what it measures, shows, and does later. */
interface DevClock {
  /** Monotonic, from an arbitrary origin. */
  long nanoTime();

  /** What a clock on the wall says. */
  LocalTime timeOfDay();

  /** Runs something once, later, on a thread of the clock's; it must be quick. */
  Timer after(Duration delay, Runnable task);

  /** Something that will run. */
  interface Timer {
    /** Keeps it from running, if it has not begun. */
    void cancel();
  }
}
