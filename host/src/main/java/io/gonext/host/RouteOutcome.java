package io.gonext.host;

import io.gonext.host.hook.HookOutcome;
import java.time.Duration;
import java.util.SortedSet;

/** How a request for a plugin's route ended. */
public sealed interface RouteOutcome {
  /** The plugin answered. */
  record Answered(PluginResponse response) implements RouteOutcome {}

  /** No active plugin serves that path. */
  record NotFound() implements RouteOutcome {}

  /** The path is served, but with other methods. */
  record MethodNotAllowed(SortedSet<String> allowed) implements RouteOutcome {}

  /** There were too many requests for this plugin's routes; the plugin was not called. */
  record RateLimited(String plugin, Duration retryAfter) implements RouteOutcome {}

  /**
   * The plugin failed, or could not be called.
   *
   * @param outcome of its turn
   * @param reason for the operator
   * @param retryAfter the shortest time after which another try may succeed
   */
  record Failed(String plugin, HookOutcome outcome, String reason, Duration retryAfter)
      implements RouteOutcome {}
}
