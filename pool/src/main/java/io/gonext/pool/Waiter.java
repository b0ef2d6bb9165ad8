package io.gonext.pool;

import org.jspecify.annotations.Nullable;

/** A caller in the {@link WaiterQueue}. All but {@link #outcome} is guarded by the pool's lock. */
final class Waiter<T> {

  /** How the pool ended a wait. */
  sealed interface Outcome<T> {

    /** The slot is leased to the waiter. */
    record Granted<T>(Slot<T> slot) implements Outcome<T> {}

    /** The creation made on the waiter's behalf failed. */
    record Failed<T>(Throwable cause) implements Outcome<T> {}

    /** The pool closed. */
    record Closed<T>() implements Outcome<T> {}
  }

  final Thread thread;
  final long since;

  /** Set once, under the pool's lock, by the thread that takes the waiter out of the queue. */
  volatile @Nullable Outcome<T> outcome;

  @Nullable Waiter<T> previous;
  @Nullable Waiter<T> next;
  boolean queued;

  Waiter(Thread thread, long since) {
    this.thread = thread;
    this.since = since;
  }
}
