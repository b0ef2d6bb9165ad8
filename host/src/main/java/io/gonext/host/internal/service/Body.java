package io.gonext.host.internal.service;

import io.gonext.engine.HostFunction;
import io.gonext.host.internal.abi.HostAnswer;

/** What one host function does for one version of a plugin. Thread-safe. */
public sealed interface Body {
  /**
   * A function that returns a number of its own, or nothing. It cannot refuse a call, and must not
   * wait.
   */
  record Plain(HostFunction.Body function) implements Body {}

  /** A function that returns a body or a status. */
  record Answering(Work work) implements Body {}

  /** The work of an answering function. */
  @FunctionalInterface
  interface Work {
    /** Runs on the guest's thread, which is interrupted at the guest's deadline. */
    HostAnswer answer(GuestArguments arguments);
  }

  static Body plain(HostFunction.Body function) {
    return new Plain(function);
  }

  static Body answering(Work work) {
    return new Answering(work);
  }
}
