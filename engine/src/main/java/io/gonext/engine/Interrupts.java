package io.gonext.engine;

import run.endive.runtime.WasmInterruptedException;

/**
 * Polls for interrupts. Long loops of the host on behalf of a guest call this; compiled guest code
 * polls itself.
 */
final class Interrupts {
  private Interrupts() {}

  /** Ends the guest if its thread was interrupted. The flag stays set. */
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new WasmInterruptedException("interrupted");
    }
  }
}
