package io.gonext.host.hook;

import java.util.List;
import tools.jackson.databind.JsonNode;

/** What a filter chain made of a value, and the handlers that failed on the way. */
public record FilterResult(JsonNode value, List<Degradation> degraded) {
  public FilterResult {
    degraded = List.copyOf(degraded);
  }
}
