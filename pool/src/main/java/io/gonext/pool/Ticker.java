package io.gonext.pool;

/** A monotonic clock. Only differences of its readings mean anything. */
@FunctionalInterface
public interface Ticker {

  /** Nanoseconds since an arbitrary origin; never goes back. */
  long nanos();

  /** The clock of this machine, {@link System#nanoTime}: unaffected by changes of the date. */
  static Ticker system() {
    return System::nanoTime;
  }
}
