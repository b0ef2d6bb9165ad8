package io.gonext.host.internal.hook;

import io.gonext.host.hook.HookFailedException;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** As {@link io.gonext.host.hook.ActionHandler}, with the host's view of a turn. */
@FunctionalInterface
public interface ChainAction {
  void act(List<JsonNode> args, Turn turn) throws HookFailedException, InterruptedException;
}
