package io.gonext.host.hook;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Changes a value on its way through a hook. Called by many threads at once. */
@FunctionalInterface
public interface FilterHandler {
  /**
   * Does this handler's part. A result that comes after the turn's time is not used; but a handler
   * in Java runs on the caller's thread and cannot be ended: one that hangs holds up its caller.
   *
   * @param turn the time this handler has, and its means to {@linkplain HookTurn#stop end} the
   *     chain
   * @return the new value, or {@code value} itself
   * @throws HookFailedException when the handler failed; the chain goes on with {@code value}, as
   *     it does after any exception but an interrupt, and after an error that is the handler's own
   *     (a stack overflow, a failed assertion)
   */
  JsonNode filter(JsonNode value, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException;
}
