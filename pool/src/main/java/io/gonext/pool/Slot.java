package io.gonext.pool;

/** One place in a pool, {@link SlotState}, with the padding behind its fields. */
@SuppressWarnings({"unused", "MultiVariableDeclaration"})
final class Slot<T> extends SlotState<T> {
  private long z00, z01, z02, z03;
  private long z04, z05, z06, z07;
  private long z08, z09, z10, z11;
  private long z12, z13, z14, z15;

  Slot(InstancePool<T> pool, int index) {
    super(pool, index);
  }
}
