package io.gonext.host.internal.hook;

import io.gonext.host.PluginResponse;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.internal.calls.EndedCall;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What a single call of one plugin came to.
 *
 * @param value what a filter returned
 * @param response what a route answered
 * @param failure null for a call that succeeded
 */
public record Tried(
    String version,
    EndedCall.Times times,
    long touchedBytes,
    @Nullable JsonNode value,
    @Nullable PluginResponse response,
    @Nullable HookFailedException failure) {

  /** Makes a call of which everything is measured. */
  @FunctionalInterface
  public interface Call {
    /** Returns a JSON value, a {@link PluginResponse}, or anything else for an action. */
    Object make(Turn turn) throws HookFailedException, InterruptedException;
  }

  /** Makes a call in a turn that has just begun. */
  public static Tried of(Turn turn, Call call) throws InterruptedException {
    turn.watchMemory();
    Object result = null;
    HookFailedException failure = null;
    try {
      result = call.make(turn);
    } catch (HookFailedException e) {
      failure = e;
    }
    return new Tried(
        turn.version(),
        turn.times(turn.tookNanos()),
        turn.touchedBytes(),
        result instanceof JsonNode value ? value : null,
        result instanceof PluginResponse response ? response : null,
        failure);
  }
}
