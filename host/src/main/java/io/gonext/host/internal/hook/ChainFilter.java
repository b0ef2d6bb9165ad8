package io.gonext.host.internal.hook;

import io.gonext.host.hook.HookFailedException;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** As {@link io.gonext.host.hook.FilterHandler}, with the host's view of a turn. */
@FunctionalInterface
public interface ChainFilter {
  JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn)
      throws HookFailedException, InterruptedException;
}
