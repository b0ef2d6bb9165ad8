package io.gonext.pool;

/**
 * The allocator failed to create the instance that this caller waited for. Its failure is the
 * cause.
 */
public final class AllocationException extends PoolException {

  AllocationException(String message, Throwable cause) {
    super(message, cause);
  }
}
