package io.gonext.pool;

import org.jspecify.annotations.Nullable;

/**
 * Callers that wait for a lease, in the order of arrival. Guarded by the pool's lock. A removal
 * from the middle, after a timeout or an interrupt, takes constant time.
 *
 * <p>A return that sees no waiters publishes its instance without a full fence, which makes it
 * cheap. It may therefore miss a caller that joins at that moment. While the queue is not
 * <em>settled</em>, each caller that joins reads all slots once and watches the slots that are
 * being returned until their state changes. After one caller has done so, every later return sees
 * the queue. Callers that join a settled queue read no slots.
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

  /** Records that {@code waiter} has seen every return that may have missed it. */
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

  /** Removes a waiter if it is still in the queue. */
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
