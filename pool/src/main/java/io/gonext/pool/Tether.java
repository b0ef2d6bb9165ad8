package io.gonext.pool;

/**
 * An object that only the current lease refers to. When the lease becomes unreachable without
 * {@link Lease#close}, so does the tether, and the pool's cleaner takes the slot back. A slot has
 * one tether for all its leases, so leak detection allocates nothing per checkout. A closed lease
 * does not refer to it.
 */
final class Tether<T> {

  final Slot<T> slot;

  Tether(Slot<T> slot) {
    this.slot = slot;
  }
}
