package io.gonext.servlet;

import io.gonext.host.hook.HookOutcome;

/**
 * What a client is told when a plugin failed: the same for a route and a hook.
 *
 * @param status of HTTP
 * @param detail one sentence; the reason is the operator's
 * @param mayRetry whether {@code Retry-After} belongs to the answer
 */
public record FailureAnswer(int status, String detail, boolean mayRetry) {
  private static final int CONTENT_TOO_LARGE = 413;
  private static final int BAD_GATEWAY = 502;
  private static final int UNAVAILABLE = 503;
  private static final int GATEWAY_TIMEOUT = 504;

  /** The answer for an outcome that is not OK. */
  public static FailureAnswer of(String plugin, HookOutcome outcome) {
    return switch (outcome) {
      case DEADLINE, WAIT_LIMIT, CUT_SHORT, CHAIN_DEADLINE ->
          new FailureAnswer(
              GATEWAY_TIMEOUT, "the plugin " + plugin + " did not answer in time", false);
      case SATURATED,
          UNAVAILABLE,
          STORE_UNAVAILABLE,
          APPLICATION_UNAVAILABLE,
          UPSTREAM_UNAVAILABLE,
          NO_INSTANCE,
          BREAKER_OPEN ->
          new FailureAnswer(UNAVAILABLE, "the plugin " + plugin + " is not available now", true);
      case PAYLOAD_TOO_LARGE ->
          new FailureAnswer(
              CONTENT_TOO_LARGE, "the request is too large for the plugin " + plugin, false);
      default ->
          new FailureAnswer(BAD_GATEWAY, "the plugin " + plugin + " gave no usable answer", false);
    };
  }

  /** Whether many requests in a row may get it. Metrics count them; the log would be full. */
  public boolean isFrequent() {
    return mayRetry || status == CONTENT_TOO_LARGE;
  }
}
