package io.gonext.host;

import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.TurnFailure;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What one call of one plugin came to, that an operator made to see what it does.
 *
 * @param version that ran
 * @param outcome how it ended
 * @param reason why it failed, in one line that the plugin may have written; empty for a call that
 *     succeeded
 * @param value what a filter returned; null for an action, a route and a call that failed
 * @param response what a route answered; null for a hook and a call that failed
 * @param took all its time
 * @param queued the part in which it waited for an instance
 * @param guest the part in the guest's code
 * @param host the part in host functions, waits included
 * @param fuel the units that the guest used; 0 if its fuel is not counted
 * @param touchedBytes the memory that the call stored to, in blocks of 4 KiB; 0 for a call that
 *     failed
 * @param backtrace the guest's functions that were running when it trapped, innermost first
 */
public record TrialResult(
    String version,
    HookOutcome outcome,
    String reason,
    @Nullable JsonNode value,
    Optional<PluginResponse> response,
    Duration took,
    Duration queued,
    Duration guest,
    Duration host,
    long fuel,
    long touchedBytes,
    List<TurnFailure.Frame> backtrace) {
  public TrialResult {
    backtrace = List.copyOf(backtrace);
  }
}
