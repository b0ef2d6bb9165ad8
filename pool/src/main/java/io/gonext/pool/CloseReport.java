package io.gonext.pool;

import java.util.List;

/**
 * What closing a pool came to.
 *
 * @param closed instances that were closed since the pool stopped giving out leases
 * @param stragglers one line for each instance that was still out, or still with the allocator,
 *     when the report was made; each is closed when it comes back
 */
public record CloseReport(long closed, List<String> stragglers) {

  public CloseReport {
    stragglers = List.copyOf(stragglers);
  }

  /** Whether nothing is left to come back. */
  public boolean complete() {
    return stragglers.isEmpty();
  }
}
