package io.gonext.pool;

/** As many callers as {@link PoolConfig#maxWaiters} allows are waiting already. */
public final class PoolSaturatedException extends PoolException {

  PoolSaturatedException(String message) {
    super(message, null);
  }
}
