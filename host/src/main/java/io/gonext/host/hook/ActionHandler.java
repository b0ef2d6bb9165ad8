package io.gonext.host.hook;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** Runs when something happened. Called by many threads at once. */
@FunctionalInterface
public interface ActionHandler {
  /**
   * Does this handler's part.
   *
   * @param turn the time this handler has
   * @throws HookFailedException when the handler failed; the other handlers still run
   */
  void act(List<JsonNode> args, HookTurn turn) throws HookFailedException, InterruptedException;
}
