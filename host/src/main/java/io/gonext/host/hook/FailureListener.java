package io.gonext.host.hook;

/** Receives failed turns. Called by the threads that ran them; it must not wait or throw. */
@FunctionalInterface
public interface FailureListener {
  /** A turn that did not end as OK. */
  void failed(TurnFailure failure);
}
