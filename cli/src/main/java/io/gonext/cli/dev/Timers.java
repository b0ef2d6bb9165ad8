package io.gonext.cli.dev;

import java.time.Duration;

/** Runs tasks later. */
interface Timers {
  /** Runs a short task once, after the delay, on a thread of the timers. */
  Timer after(Duration delay, Runnable task);

  /** A task that has not run yet. */
  interface Timer {
    /** Removes the task, unless it has begun. */
    void cancel();
  }
}
