package io.gonext.host.hook;

import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** A filter that can be given many values at once. Called by many threads at once. */
public interface BatchFilterHandler extends FilterHandler {
  /**
   * Takes many values, or says that they cannot go together. Runs nothing yet: what this costs is
   * part of the handler's turn, but whether it takes them is not an outcome of one.
   *
   * @return empty when the values are to be given one by one
   */
  Optional<Together> take(List<JsonNode> values, List<JsonNode> args);

  /** Values that were taken together. Belongs to the thread that took them. */
  @FunctionalInterface
  interface Together {
    /**
     * Does the handler's part for each of the values, as if it had come alone.
     *
     * @param turn the time this handler has for all of them; {@link HookTurn#stop(int)} ends the
     *     chain for one
     * @return as many values, in the same order
     * @throws HookFailedException when the handler failed; all values go on as they were
     */
    List<JsonNode> filter(HookTurn turn) throws HookFailedException, InterruptedException;
  }
}
