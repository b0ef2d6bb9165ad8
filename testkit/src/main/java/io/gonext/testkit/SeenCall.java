package io.gonext.testkit;

import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * A host function that a plugin called.
 *
 * @param function its name, such as {@code gn_kv_get}
 * @param arguments in the order of the guest ABI: a text or, where the ABI says so, JSON; a number.
 *     Secrets that the plugin has read are replaced by marks
 */
public record SeenCall(String function, List<JsonNode> arguments) {
  public SeenCall {
    arguments = List.copyOf(arguments);
  }

  /** {@code ["gn_kv_set", "name", "value"]}: the function and its arguments. */
  public ArrayNode json() {
    ArrayNode json = JsonNodeFactory.instance.arrayNode().add(function);
    arguments.forEach(json::add);
    return json;
  }

  /** Whether it only wrote a log line. */
  public boolean isLog() {
    return function.equals("gn_log") || function.startsWith("console.");
  }

  @Override
  public String toString() {
    return Expected.text(json());
  }
}
