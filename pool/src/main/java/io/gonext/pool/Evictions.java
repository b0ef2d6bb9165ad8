package io.gonext.pool;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Retires idle instances because of age, idle time, memory, a lowered maximum or a close. It claims
 * a slot before it decides, so it never touches an instance in use. Stateless.
 */
final class Evictions<T> {

  private final PoolState<T> state;
  private final Placement<T> placement;
  private final LongSupplier nanoTime;

  Evictions(PoolState<T> state, Placement<T> placement, LongSupplier nanoTime) {
    this.state = state;
    this.placement = placement;
    this.nanoTime = nanoTime;
  }

  /**
   * Retires an instance that was seen idle, unless it is in use by now or the reason no longer
   * holds.
   *
   * @return whether it was retired
   */
  boolean retireIdle(Slot<T> slot, long seen, RecycleReason reason) {
    if (!slot.tryMove(seen, SlotState.RETURNING)) {
      return false;
    }
    if (reason == RecycleReason.IDLE) {
      return placement.retireIfSurplus(slot, reason);
    }
    if (reason == RecycleReason.MAX_AGE && nanoTime.getAsLong() - slot.expiresAt < 0) {
      // A younger instance has replaced the one that was seen.
      placement.offer(slot);
      return false;
    }
    placement.retire(slot, reason);
    return true;
  }

  /** Retires the instance that has been idle longest, for its memory. */
  boolean evictColdest() {
    for (Slot<T> slot = coldest(); slot != null; slot = coldest()) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE && retireIdle(slot, seen, RecycleReason.MEMORY)) {
        return true;
      }
    }
    return false;
  }

  /** How long the coldest instance has been idle, in nanoseconds; -1 when no instance is idle. */
  long longestUnneededNanos() {
    Slot<T> slot = coldest();
    return slot == null ? -1 : unneededNanos(slot, slot.state());
  }

  private @Nullable Slot<T> coldest() {
    Slot<T> coldest = null;
    long longest = -1;
    for (Slot<T> slot : state.rack.slots()) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE) {
        long unneeded = unneededNanos(slot, seen);
        if (unneeded >= longest) {
          longest = unneeded;
          coldest = slot;
        }
      }
    }
    return coldest;
  }

  private long unneededNanos(Slot<T> slot, long seen) {
    return SlotState.isCold(seen) ? Math.max(0, nanoTime.getAsLong() - slot.coldSince) : 0;
  }

  /** Retires instances above a lowered maximum: idle ones now, leased ones on return. */
  void trim() {
    int surplus = state.surplus();
    for (Slot<T> slot : state.rack.slots()) {
      if (surplus <= 0) {
        return;
      }
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.LEASED && SlotState.reason(seen) != null) {
        surplus--;
      } else if (placement.offerIfIdle(slot, seen)) {
        surplus--;
      }
    }
    for (Slot<T> slot : state.rack.slots()) {
      long seen = slot.state();
      if (surplus > 0
          && SlotState.phase(seen) == SlotState.LEASED
          && SlotState.reason(seen) == null
          && slot.tryCondemn(seen, RecycleReason.IDLE)) {
        surplus--;
      }
    }
  }

  /**
   * Retires the idle instances of a closing pool.
   *
   * @return whether a slot was being returned; it may become idle after this sweep
   */
  boolean sweep() {
    boolean returning = false;
    for (Slot<T> slot : state.rack.slots()) {
      long seen = slot.state();
      returning |= SlotState.phase(seen) == SlotState.RETURNING;
      placement.offerIfIdle(slot, seen);
    }
    return returning;
  }
}
