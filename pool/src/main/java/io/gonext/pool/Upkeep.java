package io.gonext.pool;

/**
 * What a part of a pool asks for after it changed the {@link PoolState}. Call without the lock. The
 * pool implements it; it spares the parts a reference to each other in circles.
 */
interface Upkeep {

  /** Starts the creations that the floor and the waiters call for. */
  void maintain();

  /** Makes the reaper look again at what it waits for. */
  void wakeReaper();

  /** Ends a closing pool that has nothing left. */
  void checkTerminated();
}
