package io.gonext.pool;

import org.jspecify.annotations.Nullable;

/**
 * Callers waiting for a lease, first come first served. Guarded by the pool's lock; leaving from
 * the middle, on a timeout or an interrupt, takes constant time.
 *
 * <p>A return is cheap because it publishes an instance without a full fence after having seen no
 * waiters; so it may miss one who joins in that moment. The queue makes up for it: as long as it is
 * not <em>settled</em>, each caller who joins looks over all slots once and watches those that were
 * being returned until they have moved on. Once one has done so, every later return is bound to see
 * the queue, and callers who join a settled queue need not look at all.
 */
final class WaiterQueue<T> {

  private @Nullable Waiter<T> head;
  private @Nullable Waiter<T> tail;
  private int size;
  private boolean settled;

  int size() {
    return size;
  }

  boolean isSettled() {
    return settled;
  }

  /** Records that {@code waiter} has seen every return it might have been missed by. */
  void settledBy(Waiter<T> waiter) {
    if (waiter.queued) {
      settled = true;
    }
  }

  @Nullable Waiter<T> head() {
    return head;
  }

  void add(Waiter<T> waiter) {
    if (tail == null) {
      head = waiter;
      settled = false;
    } else {
      tail.next = waiter;
      waiter.previous = tail;
    }
    tail = waiter;
    waiter.queued = true;
    size++;
  }

  @Nullable Waiter<T> poll() {
    Waiter<T> first = head;
    if (first != null) {
      remove(first);
    }
    return first;
  }

  /** Takes out a waiter, if it is in the queue still. */
  void remove(Waiter<T> waiter) {
    if (!waiter.queued) {
      return;
    }
    Waiter<T> before = waiter.previous;
    Waiter<T> after = waiter.next;
    if (before == null) {
      head = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      tail = before;
    } else {
      after.previous = before;
    }
    waiter.previous = null;
    waiter.next = null;
    waiter.queued = false;
    size--;
  }
}
