package io.gonext.pool;

/** A {@link SlotState} with padding behind its fields. */
@SuppressWarnings({"unused", "MultiVariableDeclaration"})
final class Slot<T> extends SlotState<T> {

  /**
   * The outcome for a waiter that gets this slot. Allocated in advance, so that a hand-over cannot
   * fail.
   */
  final Waiter.Outcome.Granted<T> granted = new Waiter.Outcome.Granted<>(this);

  /** A closed lease refers to this instead of the tether, which later leases use. */
  final Tether<T> spent = new Tether<>(this);

  private long z00, z01, z02, z03;
  private long z04, z05, z06, z07;
  private long z08, z09, z10, z11;
  private long z12, z13, z14, z15;

  Slot(Returns<T> returns, int index) {
    super(returns, index);
  }
}
