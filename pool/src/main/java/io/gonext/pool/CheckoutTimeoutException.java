package io.gonext.pool;

/** No instance became free within the caller's timeout. The message has the pool's numbers. */
public final class CheckoutTimeoutException extends PoolException {

  CheckoutTimeoutException(String message) {
    super(message, null);
  }
}
