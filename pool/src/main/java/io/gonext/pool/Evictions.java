package io.gonext.pool;

import org.jspecify.annotations.Nullable;

/**
 * Takes idle instances out of rotation: for age, idleness, memory, a lowered maximum, the end.
 * Claims a slot before it decides, so an instance in use is never touched. Stateless.
 */
final class Evictions<T> {

  private final PoolState<T> state;
  private final Placement<T> placement;
  private final Ticker ticker;

  Evictions(PoolState<T> state, Placement<T> placement, Ticker ticker) {
    this.state = state;
    this.placement = placement;
    this.ticker = ticker;
  }

  /**
   * Retires an instance that was seen idle, unless it is in use by now or the reason has gone.
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
    if (reason == RecycleReason.MAX_AGE && ticker.nanos() - slot.expiresAt < 0) {
      // A younger instance has taken the place of the one that was seen.
      placement.offer(slot);
      return false;
    }
    placement.retire(slot, reason);
    return true;
  }

  /** Retires the idle instance that has gone unneeded longest, for its memory. */
  boolean evictColdest() {
    for (Slot<T> slot = coldest(); slot != null; slot = coldest()) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE && retireIdle(slot, seen, RecycleReason.MEMORY)) {
        return true;
      }
    }
    return false;
  }

  /** How long the coldest idle instance has not been needed; -1 when none is idle. */
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
    return SlotState.isCold(seen) ? Math.max(0, ticker.nanos() - slot.coldSince) : 0;
  }

  /** Brings the population down to a lowered maximum: idle instances now, others on return. */
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
   * Retires what is idle in a closing pool.
   *
   * @return whether a slot was being returned, which may yet become idle unseen
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
