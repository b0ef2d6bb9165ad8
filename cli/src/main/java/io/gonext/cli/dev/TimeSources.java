package io.gonext.cli.dev;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * Where the developer loop takes its time from.
 *
 * @param wall for the time of day that lines show
 * @param nanos monotonic, in nanoseconds from an arbitrary origin, for durations
 * @param timers for what happens later
 */
record TimeSources(InstantSource wall, LongSupplier nanos, Timers timers) {
  /** The time of this machine. */
  static TimeSources system(Timers timers) {
    return new TimeSources(InstantSource.system(), System::nanoTime, timers);
  }

  long nanoTime() {
    return nanos.getAsLong();
  }

  Timers.Timer after(Duration delay, Runnable task) {
    return timers.after(delay, task);
  }
}
