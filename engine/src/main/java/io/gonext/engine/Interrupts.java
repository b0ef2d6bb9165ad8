package io.gonext.engine;

/**
 * Polls for interrupts. Compiled guest code calls this in loops and recursions, and so do long
 * loops of the host on behalf of a guest.
 */
final class Interrupts {
  private Interrupts() {}

  /** Ends the guest if its thread was interrupted. The flag stays set. */
  static void check() {
    if (Thread.currentThread().isInterrupted()) {
      throw signal();
    }
  }

  /** What ends the guest whose thread was interrupted. */
  static TrapSignal signal() {
    return new TrapSignal(new TrapCause.Interrupted());
  }
}
