package io.gonext.host.hook;

import java.util.List;

/** How many handlers were told of an action, and those that failed. */
public record ActionResult(int handlers, List<Degradation> degraded) {
  public ActionResult {
    degraded = List.copyOf(degraded);
  }
}
