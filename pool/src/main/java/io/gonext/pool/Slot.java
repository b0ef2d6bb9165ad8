package io.gonext.pool;

/** One place in a pool, {@link SlotState}, with the padding behind its fields. */
@SuppressWarnings({"unused", "MultiVariableDeclaration"})
final class Slot<T> extends SlotState<T> {

  /** What a waiter is told who gets this slot; made beforehand, so that it cannot fail. */
  final Waiter.Outcome.Granted<T> granted = new Waiter.Outcome.Granted<>(this);

  /** What a closed lease holds in place of the tether, which others' leases go on to use. */
  final Tether<T> spent = new Tether<>(this);

  private long z00, z01, z02, z03;
  private long z04, z05, z06, z07;
  private long z08, z09, z10, z11;
  private long z12, z13, z14, z15;

  Slot(Returns<T> returns, int index) {
    super(returns, index);
  }
}
