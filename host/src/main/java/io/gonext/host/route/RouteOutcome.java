package io.gonext.host.route;

import java.time.Duration;
import java.util.SortedSet;

/** How a request for a plugin's route ended. */
public sealed interface RouteOutcome {
  /** The plugin answered. */
  record Answered(PluginResponse response) implements RouteOutcome {}

  /** No active plugin serves that path. */
  record NotFound() implements RouteOutcome {}

  /** The path is served, by other methods. */
  record MethodNotAllowed(SortedSet<String> allowed) implements RouteOutcome {}

  /** The plugin trapped, failed, or answered what no HTTP response can hold. */
  record BadAnswer(String plugin, String reason) implements RouteOutcome {}

  /** Body, headers and path are together more than a plugin can be given; it was not asked. */
  record TooLarge(String plugin, String reason) implements RouteOutcome {}

  /** There were too many requests for this plugin's routes; it was not asked. */
  record RateLimited(String plugin, Duration retryAfter) implements RouteOutcome {}

  /**
   * No instance came free in time, the plugin's circuit breaker is open, or it is being taken out
   * of service.
   */
  record Unavailable(String plugin, String reason, Duration retryAfter) implements RouteOutcome {}

  /** The plugin did not answer in time. */
  record TimedOut(String plugin, Duration limit) implements RouteOutcome {}
}
