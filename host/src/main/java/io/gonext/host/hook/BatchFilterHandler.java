package io.gonext.host.hook;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** A filter that can be given many values at once. Called by many threads at once. */
public interface BatchFilterHandler extends FilterHandler {
  /**
   * Does this handler's part for many values, each as if it had come alone.
   *
   * @param turn the time this handler has for all of them; {@link HookTurn#stop(int)} ends the
   *     chain for one
   * @return as many values, in the same order
   * @throws HookFailedException when the handler failed; all values go on as they were. After
   *     {@link HookOutcome#PAYLOAD_TOO_LARGE}, which nothing was run for, they are given one by one
   */
  List<JsonNode> filterAll(List<JsonNode> values, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException;
}
