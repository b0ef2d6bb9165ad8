package io.gonext.engine;

import run.endive.runtime.WasmInterruptedException;

/** The poll that long host loops on behalf of a guest make, as compiled guest code does itself. */
final class Interrupts {
  private Interrupts() {}

  /** Ends the guest when its thread was interrupted; the flag stays set. */
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw new WasmInterruptedException("interrupted");
    }
  }
}
