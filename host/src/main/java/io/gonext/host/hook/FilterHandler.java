package io.gonext.host.hook;

import java.time.Duration;
import java.util.List;
import tools.jackson.databind.JsonNode;

/** Changes a value on its way through a hook. Called by many threads at once. */
@FunctionalInterface
public interface FilterHandler {
  /**
   * Does this handler's part.
   *
   * @param limit the time this handler has
   * @return the new value, or {@code value} itself
   * @throws HookFailedException when the handler failed; the chain goes on with {@code value}
   */
  JsonNode filter(JsonNode value, List<JsonNode> args, Duration limit)
      throws HookFailedException, InterruptedException;
}
