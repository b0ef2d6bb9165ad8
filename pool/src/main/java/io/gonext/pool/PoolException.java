package io.gonext.pool;

import org.jspecify.annotations.Nullable;

/** A checkout that got no lease. The subclass says why. */
public abstract sealed class PoolException extends RuntimeException
    permits AllocationException,
        CheckoutTimeoutException,
        PoolClosedException,
        PoolSaturatedException {

  PoolException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
