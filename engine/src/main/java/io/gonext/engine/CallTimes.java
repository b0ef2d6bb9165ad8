package io.gonext.engine;

/**
 * How one run spent its time, and its fuel.
 *
 * @param wallNanos the time from entering {@link GuestInstance#run} to leaving it
 * @param hostNanos the part spent inside host functions and WASI
 * @param waitNanos the part of hostNanos in which host functions {@linkplain HostCall#beginWait
 *     waited}
 * @param late whether the run took longer than its soft limit, without its waits
 * @param fuel the units that the guest used; 0 if its module does not count them
 */
public record CallTimes(long wallNanos, long hostNanos, long waitNanos, boolean late, long fuel) {
  /**
   * The time outside host functions: guest code, and the caller's copying of arguments and results.
   */
  public long guestNanos() {
    return wallNanos - hostNanos;
  }

  /** The time in which the guest did not wait, also in host functions. */
  public long computeNanos() {
    return wallNanos - waitNanos;
  }
}
