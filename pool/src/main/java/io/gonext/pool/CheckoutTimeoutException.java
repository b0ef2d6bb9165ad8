package io.gonext.pool;

/**
 * The caller's deadline passed before an instance was free. The message holds the pool's numbers.
 */
public final class CheckoutTimeoutException extends PoolException {

  CheckoutTimeoutException(String message) {
    super(message, null);
  }
}
