package io.gonext.pool;

/** Learns how long a checkout waited. */
@FunctionalInterface
public interface WaitListener {

  /** Ignores all waits. */
  WaitListener NONE = nanos -> {};

  /**
   * The checkout waited this long, with or without success. Called on the thread of the checkout,
   * not under a lock, and not for a checkout that found an idle instance. Must not throw.
   */
  void waited(long nanos);
}
