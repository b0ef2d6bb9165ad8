package io.gonext.pool;

import java.util.EnumMap;
import java.util.Map;

/**
 * The counts of a pool's instances. Guarded by the pool's lock.
 *
 * <p>Invariants: {@code occupied() <= max} unless the maximum was lowered, and {@code created =
 * live + sum(recycled)}.
 */
final class Population {

  int min;
  int max;
  int live;
  int creating;
  int retiring;
  long created;
  long creationFailures;
  final Map<RecycleReason, Long> recycled = new EnumMap<>(RecycleReason.class);

  /** Failed creations since the last successful one. */
  int failuresInARow;

  /** Clock reading before which no creation is tried; valid only after a failure. */
  long retryAt;

  Population(int min, int max) {
    this.min = min;
    this.max = max;
  }

  int occupied() {
    return live + creating + retiring;
  }

  /** Whether a failure was so recent that creations pause. */
  boolean pauses(long now) {
    return failuresInARow > 0 && retryAt - now > 0;
  }

  void created() {
    creating--;
    live++;
    created++;
    failuresInARow = 0;
  }

  void creationFailed(long retryAt) {
    creating--;
    creationFailures++;
    failuresInARow++;
    this.retryAt = retryAt;
  }

  void retired(RecycleReason reason) {
    live--;
    retiring++;
    recycled.merge(reason, 1L, Long::sum);
  }

  long recycledTotal() {
    return created - live;
  }
}
