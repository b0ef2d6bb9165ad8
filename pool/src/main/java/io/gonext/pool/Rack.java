package io.gonext.pool;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A pool's slots, and how a caller finds an idle one among them.
 *
 * <p>A thread first tries the slot that it used last. If that fails, it searches a small rack from
 * there on. In a large rack it asks {@link IdleMap} where an instance was returned, and searches
 * slot by slot only when the map has none.
 */
final class Rack<T> {

  /**
   * Entries in {@link #hints}; a power of two, well above the threads that can run at once. Fixed,
   * so that a million virtual threads cost the pool nothing.
   */
  private static final int HINTS = 256;

  /** Up to this many slots, a search costs less than an {@link IdleMap}. */
  private static final int FEW_SLOTS = 16;

  /**
   * By thread id, the slot that the thread (or one that shares the entry) found last. The race is
   * intended: a stale entry costs one search. An entry is written only when it changes, so in a
   * steady state every thread reads it from its own cache.
   */
  private final Slot<T>[] hints;

  /** All slots; grows under the pool's lock, never shrinks, so that versions keep adding up. */
  private volatile Slot<T>[] slots;

  /** Null in a rack of at most {@link #FEW_SLOTS} slots. Written as {@link #slots} is. */
  private volatile @Nullable IdleMap idleMap;

  /** Makes a rack without slots. Call {@link #growTo} before its use. */
  Rack() {
    this.slots = newSlotArray(0);
    this.hints = newSlotArray(HINTS);
  }

  @SuppressWarnings({"unchecked", "rawtypes"})
  private static <T> Slot<T>[] newSlotArray(int length) {
    return (Slot<T>[]) new Slot[length];
  }

  /** Adds vacant slots. Call under the pool's lock, or before the pool is shared. */
  void growTo(Returns<T> returns, int size) {
    Slot<T>[] before = slots;
    if (size <= before.length) {
      return;
    }
    Slot<T>[] after = newSlotArray(size);
    System.arraycopy(before, 0, after, 0, before.length);
    for (int i = before.length; i < size; i++) {
      after[i] = new Slot<>(returns, i);
    }
    if (size > FEW_SLOTS) {
      idleMap = new IdleMap(size);
    }
    if (before.length == 0) {
      Arrays.fill(hints, after[0]);
    }
    slots = after;
  }

  Slot<T>[] slots() {
    return slots;
  }

  /** The slot that the calling thread should try first. */
  Slot<T> hinted() {
    return hints[hint()];
  }

  private static int hint() {
    return (int) Thread.currentThread().threadId() & (HINTS - 1);
  }

  /** Notes that an instance is about to become idle. */
  void returning(Slot<T> slot) {
    IdleMap map = idleMap;
    if (map != null) {
      map.mark(slot.index);
    }
  }

  /** Takes an idle instance from any slot, a warm one if possible; null when it finds none. */
  @Nullable Slot<T> search() {
    int hint = hint();
    Slot<T>[] all = slots;
    IdleMap map = idleMap;
    Slot<T> found = map == null ? null : mapped(all, map);
    if (found == null) {
      found = searchAll(all, hints[hint].index);
    }
    if (found != null && hints[hint] != found) {
      hints[hint] = found;
    }
    return found;
  }

  private static <T> @Nullable Slot<T> mapped(Slot<T>[] all, IdleMap map) {
    for (int i = map.next(0); i >= 0 && i < all.length; i = map.next(i + 1)) {
      // Unmark before reading the slot: a later return marks it again.
      map.unmark(i);
      Slot<T> slot = all[i];
      long seen = slot.state();
      long phase = SlotState.phase(seen);
      if (phase == SlotState.RETURNING) {
        map.mark(i);
      } else if (phase == SlotState.IDLE && !SlotState.isCold(seen) && slot.tryLease(seen)) {
        return slot;
      }
    }
    return null;
  }

  private @Nullable Slot<T> searchAll(Slot<T>[] all, int start) {
    boolean anyCold = false;
    for (int i = start; i < start + all.length; i++) {
      Slot<T> slot = all[i < all.length ? i : i - all.length];
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE) {
        if (SlotState.isCold(seen)) {
          anyCold = true;
        } else if (slot.tryLease(seen)) {
          return slot;
        }
      }
    }
    return anyCold ? searchCold(all) : null;
  }

  /** Searches from the front, so that instances at the back stay cold and are evicted. */
  private static <T> @Nullable Slot<T> searchCold(Slot<T>[] all) {
    for (Slot<T> slot : all) {
      long seen = slot.state();
      if (SlotState.phase(seen) == SlotState.IDLE && slot.tryLease(seen)) {
        return slot;
      }
    }
    return null;
  }

  int idle() {
    int idle = 0;
    for (Slot<T> slot : slots) {
      idle += SlotState.phase(slot.state()) == SlotState.IDLE ? 1 : 0;
    }
    return idle;
  }

  /** How many leases have been given out. */
  long leases() {
    long sum = 0;
    for (Slot<T> slot : slots) {
      sum += SlotState.version(slot.state());
    }
    return sum;
  }
}
