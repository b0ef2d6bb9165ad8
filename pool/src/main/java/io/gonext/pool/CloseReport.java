package io.gonext.pool;

import java.util.List;

/**
 * The result of closing a pool.
 *
 * @param closed instances closed since the pool began to refuse leases
 * @param stragglers one line for each instance that was leased, or in a call of the allocator, when
 *     the report was made; each is closed when that ends
 */
public record CloseReport(long closed, List<String> stragglers) {

  public CloseReport {
    stragglers = List.copyOf(stragglers);
  }

  /** Whether every instance is closed. */
  public boolean complete() {
    return stragglers.isEmpty();
  }
}
