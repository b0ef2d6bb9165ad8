package io.gonext.host.internal.hook;

import io.gonext.host.hook.ActionHandler;
import io.gonext.host.hook.BatchFilterHandler;
import io.gonext.host.hook.FilterHandler;
import io.gonext.host.hook.HookFailedException;
import java.util.List;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * Handlers of the embedding application as chains run them: with copies of all that they could
 * change. A handler that fails halfway must leave the value as it was, and no handler may change
 * the values of another handler or of the caller. Plugins get bytes and need no copies.
 */
final class OwnHandlers {
  private OwnHandlers() {}

  static ChainFilter withCopies(FilterHandler handler) {
    return handler instanceof BatchFilterHandler batch
        ? new Batch(batch)
        : (value, args, turn) -> handler.filter(value.deepCopy(), copies(args), turn);
  }

  static ChainAction withCopies(ActionHandler handler) {
    return (args, turn) -> handler.act(copies(args), turn);
  }

  private static List<JsonNode> copies(List<JsonNode> values) {
    return values.stream().map(JsonNode::deepCopy).toList();
  }

  private record Batch(BatchFilterHandler handler) implements ChainBatchFilter {
    @Override
    public JsonNode filter(JsonNode value, List<JsonNode> args, Turn turn)
        throws HookFailedException, InterruptedException {
      return handler.filter(value.deepCopy(), copies(args), turn);
    }

    @Override
    public Optional<Taken> take(List<JsonNode> values, List<JsonNode> args) {
      return handler.take(copies(values), copies(args)).map(together -> together::filter);
    }
  }
}
