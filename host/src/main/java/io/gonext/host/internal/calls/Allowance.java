package io.gonext.host.internal.calls;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Lets so many events through at once, and then one after each interval: the generic cell rate
 * algorithm. Lock-free, and allocates nothing, because it stands before work that a failing plugin
 * may cause at any rate.
 */
final class Allowance {
  private final long intervalNanos;
  private final long burstNanos;

  /** When the allowance will be full again. */
  private final AtomicLong fullAt;

  Allowance(int atOnce, long intervalNanos, long nowNanos) {
    this.intervalNanos = intervalNanos;
    this.burstNanos = atOnce * intervalNanos;
    this.fullAt = new AtomicLong(nowNanos);
  }

  /** Whether one more may pass now; uses it up if so. */
  boolean take(long nowNanos) {
    while (true) {
      long full = fullAt.get();
      long next = (full - nowNanos > 0 ? full : nowNanos) + intervalNanos;
      if (next - nowNanos > burstNanos) {
        return false;
      }
      if (fullAt.compareAndSet(full, next)) {
        return true;
      }
    }
  }
}
