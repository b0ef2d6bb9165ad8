package io.gonext.host.hook;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;

/**
 * The turns of one plugin's handlers that did not end as OK: their number, and who is told of each.
 *
 * <p>Thread-safe.
 */
final class FailedTurns {
  private final LongAdder count = new LongAdder();
  private final List<FailureListener> listeners = new CopyOnWriteArrayList<>();

  void add(TurnFailure failure) {
    count.increment();
    listeners.forEach(listener -> listener.failed(failure));
  }

  /** Counts a turn that nobody needs to be told of: its caller gave it up, or the JVM is ill. */
  void addUntold() {
    count.increment();
  }

  long count() {
    return count.sum();
  }

  /**
   * Tells a listener of each turn from now on.
   *
   * @return ends that
   */
  Runnable listen(FailureListener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
