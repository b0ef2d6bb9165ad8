package io.gonext.pool;

/** Receives the durations that a pool measures. Called without locks held; must not throw. */
interface PoolObserver {

  PoolObserver NONE = new PoolObserver() {};

  /** A checkout waited this long, with or without success. */
  default void waited(long nanos) {}

  /** The allocator took this long to create an instance or to fail. */
  default void creationTook(long nanos) {}
}
