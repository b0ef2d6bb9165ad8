package io.gonext.pool;

/**
 * Work that a part of a pool requests after it changed the {@link PoolState}. Call without the
 * lock. The pool implements it, so that the parts need no circular references.
 */
interface Upkeep {

  /** Starts the creations that the floor and the waiters need. */
  void maintain();

  /** Wakes the reaper, which checks again what is due. */
  void wakeReaper();

  /** Terminates a closing pool without instances and waiters. */
  void checkTerminated();
}
