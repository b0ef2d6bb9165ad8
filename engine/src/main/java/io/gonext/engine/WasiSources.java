package io.gonext.engine;

import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The clocks and the random source of WASI, shared by all instances of an engine.
 *
 * @param random a cryptographically strong source, safe for many threads
 * @param realtime the wall clock
 * @param monotonicNanos nanoseconds since an arbitrary moment, never going back
 * @param sleep how a guest's thread waits
 */
record WasiSources(
    SecureRandom random, InstantSource realtime, LongSupplier monotonicNanos, Sleep sleep) {

  /** Waits. */
  @FunctionalInterface
  interface Sleep {
    /** Returns when this many nanoseconds have passed on the monotonic clock. */
    void nanos(long nanos) throws InterruptedException;
  }
}
