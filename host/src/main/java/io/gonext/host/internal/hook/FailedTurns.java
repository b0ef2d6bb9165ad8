package io.gonext.host.internal.hook;

import io.gonext.host.hook.FailureListener;
import io.gonext.host.hook.HookOutcome;
import io.gonext.host.hook.PastFailure;
import io.gonext.host.hook.TurnFailure;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The failed turns of one plugin's handlers: their number, the last ones, and the listeners.
 *
 * <p>Thread-safe.
 */
final class FailedTurns {
  /** The number of failures that are kept. */
  static final int KEPT = 20;

  private final LongAdder count = new LongAdder();
  private final InstantSource clock;

  /** A ring, in which {@link #next} says where the next one goes. */
  private final AtomicReferenceArray<@Nullable PastFailure> last = new AtomicReferenceArray<>(KEPT);

  private final AtomicInteger next = new AtomicInteger();
  private final List<FailureListener> listeners = new CopyOnWriteArrayList<>();

  FailedTurns(InstantSource clock) {
    this.clock = clock;
  }

  void add(TurnFailure failure) {
    count.increment();
    if (failure.outcome() != HookOutcome.BREAKER_OPEN) {
      // Those would be the only ones left, and do not say why it opened.
      last.set(
          Math.floorMod(next.getAndIncrement(), KEPT), new PastFailure(clock.instant(), failure));
    }
    listeners.forEach(listener -> listener.failed(failure));
  }

  /** Counts a turn without calling the listeners: its caller was interrupted, or the JVM failed. */
  void addUntold() {
    count.increment();
  }

  /** Drops the last ones; the count stays. */
  void forget() {
    for (int i = 0; i < KEPT; i++) {
      last.set(i, null);
    }
  }

  /** The last ones, the newest first; without those of an open breaker. */
  List<PastFailure> last() {
    List<PastFailure> failures = new ArrayList<>();
    for (int i = 0; i < KEPT; i++) {
      PastFailure failure = last.get(i);
      if (failure != null) {
        failures.add(failure);
      }
    }
    failures.sort(Comparator.comparing(PastFailure::at).reversed());
    return failures;
  }

  long count() {
    return count.sum();
  }

  /**
   * Calls a listener for each failed turn from now on.
   *
   * @return removes the listener
   */
  Runnable listen(FailureListener listener) {
    listeners.add(listener);
    return () -> listeners.remove(listener);
  }
}
