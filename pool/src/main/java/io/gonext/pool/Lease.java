package io.gonext.pool;

/**
 * The right to use one instance until {@link #close}.
 *
 * <p>Another thread than the one that took the lease may use and close it, if it was published
 * safely. Actions under one lease happen-before actions under the next lease of the same instance.
 * Keep the lease reachable while its instance is in use: a lease that becomes unreachable without
 * {@link #close} is a leak, and the pool closes its instance.
 *
 * @param <T> what is pooled
 */
public final class Lease<T> implements AutoCloseable {

  /** The slot's tether while the lease is open, {@link Slot#spent} afterwards. */
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
   * Makes {@link #close} retire the instance instead of resetting it for further use. Does nothing
   * on a closed lease. The first cause is kept.
   */
  public void markUnusable(Throwable cause) {
    Slot<T> slot = tether.slot;
    slot.returns.markUnusable(slot, token, cause);
  }

  /**
   * Returns the instance. {@link Allocator#reset} runs on the calling thread; when it fails, the
   * instance is retired and the failure is logged and counted, not thrown. Only the first call has
   * an effect; later calls are counted as {@link PoolStats#doubleReturns()}.
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
