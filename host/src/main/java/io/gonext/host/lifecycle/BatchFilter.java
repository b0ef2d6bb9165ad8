package io.gonext.host.lifecycle;

import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookTurn;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** A filter of a plugin that takes many values at once. */
record BatchFilter(ActivePlugin plugin, byte[] hook) implements BatchFilterHandler {
  @Override
  public JsonNode filter(JsonNode value, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    return plugin.filter(hook, value, args, turn);
  }

  @Override
  public List<JsonNode> filterAll(List<JsonNode> values, List<JsonNode> args, HookTurn turn)
      throws HookFailedException, InterruptedException {
    return plugin.filterAll(hook, values, args, turn);
  }
}
