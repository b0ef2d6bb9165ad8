package io.gonext.engine;

import java.time.Duration;

/**
 * How long a run of a guest may take. Moments are those of {@link System#nanoTime}.
 *
 * @param softLimit from the start of the run, without the time that the guest waits
 * @param computeDeadlineNanos when the guest must return if it does not wait. Each {@linkplain
 *     HostCall#beginWait wait} moves this moment by its length
 * @param waitLimit of all waits of the run together
 * @param deadlineNanos when the run ends, whatever the guest does
 */
public record RunLimits(
    Duration softLimit, long computeDeadlineNanos, Duration waitLimit, long deadlineNanos) {}
