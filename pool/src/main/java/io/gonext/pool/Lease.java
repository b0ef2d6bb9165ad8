package io.gonext.pool;

/**
 * The right to use one instance until {@link #close}.
 *
 * <p>May be used and closed by another thread than the one that took it, provided the hand-over
 * itself is safe. Everything done with the instance under one lease happens-before everything done
 * under the next. Keep the lease reachable while its instance is in use: a lease that is dropped is
 * a leak, and the pool closes the instance of a leaked lease.
 *
 * @param <T> what is pooled
 */
public final class Lease<T> implements AutoCloseable {

  /** The slot's own while the lease is open, {@link Slot#spent} afterwards. */
  private Tether<T> tether;

  private final long token;

  Lease(Tether<T> tether, long token) {
    this.tether = tether;
    this.token = token;
  }

  /**
   * The instance.
   *
   * @throws IllegalStateException after {@link #close}
   */
  public T get() {
    return tether.slot.leased(token);
  }

  /**
   * Has the instance retired when the lease is closed, instead of being reset and used again. Does
   * nothing on a closed lease; the first cause counts.
   */
  public void markUnusable(Throwable cause) {
    Slot<T> slot = tether.slot;
    slot.returns.markUnusable(slot, token, cause);
  }

  /**
   * Returns the instance. The calling thread pays for {@link Allocator#reset}; a failure there
   * retires the instance and is logged and counted, not thrown. Only the first call has an effect;
   * further ones are counted as {@link PoolStats#doubleReturns()}.
   */
  @Override
  public void close() {
    Tether<T> held = tether;
    Slot<T> slot = held.slot;
    if (slot.returns.giveBack(slot, held, token)) {
      tether = slot.spent;
    }
  }
}
