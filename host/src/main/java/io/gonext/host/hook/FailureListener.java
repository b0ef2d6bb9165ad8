package io.gonext.host.hook;

/**
 * Hears of turns that failed. Called by the threads that ran them: it must neither wait nor throw.
 */
@FunctionalInterface
public interface FailureListener {
  /** A turn that did not end as OK. */
  void failed(TurnFailure failure);
}
