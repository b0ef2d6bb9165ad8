package io.gonext.host.internal.hook;

import io.gonext.host.hook.HookFailedException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** As {@link io.gonext.host.hook.BatchFilterHandler}, with the host's view of a turn. */
public interface ChainBatchFilter extends ChainFilter {
  /**
   * Takes many values, but runs nothing yet.
   *
   * @return empty when the values are to be given one by one
   */
  Optional<Taken> take(List<JsonNode> values, List<JsonNode> args);

  /** Values that were taken together. Only the thread that took them may use it. */
  @FunctionalInterface
  interface Taken {
    List<JsonNode> filter(Turn turn) throws HookFailedException, InterruptedException;
  }
}
