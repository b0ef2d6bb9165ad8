package io.gonext.pool;

/**
 * What only the current lease refers to while it is out. When the lease becomes unreachable without
 * having been closed, so does this, and the pool's cleaner takes the slot back. One tether serves a
 * slot for all its leases, so finding leaks costs no allocation per checkout; a lease lets go of it
 * when it is closed.
 */
final class Tether<T> {

  final Slot<T> slot;

  Tether(Slot<T> slot) {
    this.slot = slot;
  }
}
