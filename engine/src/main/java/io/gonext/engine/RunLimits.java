package io.gonext.engine;

import java.time.Duration;

/**
 * How long a run of a guest may take, and how much fuel. Moments are those of {@link
 * System#nanoTime}.
 *
 * @param softLimit from the start of the run, without the time that the guest waits
 * @param computeDeadlineNanos when the guest must return if it does not wait. Each {@linkplain
 *     HostCall#beginWait wait} moves this moment by its length
 * @param waitLimit of all waits of the run together
 * @param deadlineNanos when the run ends, whatever the guest does
 * @param fuel what the guest may use; limited only for a module that counts it
 */
public record RunLimits(
    Duration softLimit,
    long computeDeadlineNanos,
    Duration waitLimit,
    long deadlineNanos,
    FuelBudget fuel) {

  /** Limits of time alone. */
  public RunLimits(
      Duration softLimit, long computeDeadlineNanos, Duration waitLimit, long deadlineNanos) {
    this(softLimit, computeDeadlineNanos, waitLimit, deadlineNanos, FuelBudget.UNLIMITED);
  }
}
