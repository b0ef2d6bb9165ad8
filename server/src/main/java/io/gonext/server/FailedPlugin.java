package io.gonext.server;

import io.gonext.host.hook.HookOutcome;
import io.gonext.servlet.FailureAnswer;
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
    FailureAnswer failure = FailureAnswer.of(plugin, outcome);
    if (failure.mayRetry()) {
      retryAfter(ctx, retryAfter);
    }
    Problem.write(ctx, HttpStatus.forStatus(failure.status()), failure.detail(), problems);
  }

  /** Rounds up to whole seconds, so that a client does not come too early. */
  static void retryAfter(Context ctx, Duration wait) {
    ctx.header("Retry-After", Long.toString(wait.plusSeconds(1).minusNanos(1).toSeconds()));
  }
}
