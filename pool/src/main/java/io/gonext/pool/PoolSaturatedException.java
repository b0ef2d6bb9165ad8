package io.gonext.pool;

/** {@link PoolConfig#maxWaiters} callers are waiting already. */
public final class PoolSaturatedException extends PoolException {

  PoolSaturatedException(String message) {
    super(message, null);
  }
}
