package io.gonext.host.hook;

import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * What a filter chain made of many values, in their order, and the handlers that failed on the way,
 * each with its first reason of a kind.
 */
public record BatchResult(List<JsonNode> values, List<Degradation> degraded) {
  public BatchResult {
    values = List.copyOf(values);
    degraded = List.copyOf(degraded);
  }
}
