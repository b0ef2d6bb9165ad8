package io.gonext.server;

import io.gonext.host.hook.HookOutcome;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.time.Duration;
import java.util.List;

/** The answer to a client when a plugin fails: the same for a route and a hook. */
final class FailedPlugin {
  private FailedPlugin() {}

  /**
   * Answers with the status for an outcome.
   *
   * @param retryAfter the shortest wait after which another try may succeed
   */
  static void answer(Context ctx, String plugin, HookOutcome outcome, Duration retryAfter) {
    answer(ctx, plugin, outcome, retryAfter, List.of());
  }

  /**
   * As {@link #answer(Context, String, HookOutcome, Duration)}.
   *
   * @param problems the reasons, a sentence each; empty for a caller who did not ask for them
   */
  static void answer(
      Context ctx, String plugin, HookOutcome outcome, Duration retryAfter, List<String> problems) {
    switch (outcome) {
      case DEADLINE, WAIT_LIMIT, CUT_SHORT, CHAIN_DEADLINE ->
          Problem.write(
              ctx,
              HttpStatus.GATEWAY_TIMEOUT,
              "the plugin " + plugin + " did not answer in time",
              problems);
      case SATURATED,
          UNAVAILABLE,
          STORE_UNAVAILABLE,
          APPLICATION_UNAVAILABLE,
          UPSTREAM_UNAVAILABLE,
          NO_INSTANCE,
          BREAKER_OPEN -> {
        retryAfter(ctx, retryAfter);
        Problem.write(
            ctx,
            HttpStatus.SERVICE_UNAVAILABLE,
            "the plugin " + plugin + " is not available now",
            problems);
      }
      case PAYLOAD_TOO_LARGE ->
          Problem.write(
              ctx,
              HttpStatus.CONTENT_TOO_LARGE,
              "the request is too large for the plugin " + plugin,
              problems);
      default ->
          Problem.write(
              ctx,
              HttpStatus.BAD_GATEWAY,
              "the plugin " + plugin + " gave no usable answer",
              problems);
    }
  }

  /** Rounds up to whole seconds, so that a client does not come too early. */
  static void retryAfter(Context ctx, Duration wait) {
    ctx.header("Retry-After", Long.toString(wait.plusSeconds(1).minusNanos(1).toSeconds()));
  }
}
