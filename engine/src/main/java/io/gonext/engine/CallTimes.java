package io.gonext.engine;

/**
 * Where the time of one run went.
 *
 * @param wallNanos from entering {@link GuestInstance#run} to leaving it
 * @param hostNanos of that, inside host functions and WASI
 * @param late whether it took longer than its soft limit
 */
public record CallTimes(long wallNanos, long hostNanos, boolean late) {
  /** The rest: guest code, and the caller's own copying of arguments and results. */
  public long guestNanos() {
    return wallNanos - hostNanos;
  }
}
