package io.gonext.host;

import java.time.Instant;
import java.util.List;

/**
 * One attempt at a job.
 *
 * @param number from 1
 * @param outcome {@code OK}, another {@link io.gonext.host.hook.HookOutcome}, {@code RETRY} if the
 *     plugin asked for another attempt, {@code CUT_OFF} if the version or the host stopped, or
 *     {@code NODE_LOST}
 * @param version of the plugin that ran it; empty if that is not known
 * @param node that ran it
 * @param reason one line; a plugin may have written it
 * @param backtrace the guest's functions at a trap, innermost first
 */
public record JobAttempt(
    int number,
    String outcome,
    String version,
    String node,
    Instant beganAt,
    Instant endedAt,
    String reason,
    List<String> backtrace) {
  public JobAttempt {
    backtrace = List.copyOf(backtrace);
  }
}
