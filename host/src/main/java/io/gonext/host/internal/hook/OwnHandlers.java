package io.gonext.host.internal.hook;

import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.HookFailedException;
import io.gonext.host.hook.HookTurn;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Handlers of the embedding application as chains run them: with copies of all that they could
 * change. One that fails halfway must leave the value as it was, and no handler may change what
 * others are given or what the caller holds. Plugins get bytes, and need none.
 */
final class OwnHandlers {
  private OwnHandlers() {}

  static FilterHandler withCopies(FilterHandler handler) {
    return handler instanceof BatchFilterHandler batch
        ? new Batch(batch)
        : (value, args, turn) -> handler.filter(value.deepCopy(), copies(args), turn);
  }

  static ActionHandler withCopies(ActionHandler handler) {
    return (args, turn) -> handler.act(copies(args), turn);
  }

  private static List<JsonNode> copies(List<JsonNode> values) {
    return values.stream().map(JsonNode::deepCopy).toList();
  }

  private record Batch(BatchFilterHandler handler) implements BatchFilterHandler {
    @Override
    public JsonNode filter(JsonNode value, List<JsonNode> args, HookTurn turn)
        throws HookFailedException, InterruptedException {
      return handler.filter(value.deepCopy(), copies(args), turn);
    }

    @Override
    public Optional<Together> take(List<JsonNode> values, List<JsonNode> args) {
      return handler.take(copies(values), copies(args));
    }
  }
}
