package io.gonext.pool;

/** The pool is closed or draining and gives out no more leases. */
public final class PoolClosedException extends PoolException {

  PoolClosedException(String message) {
    super(message, null);
  }
}
