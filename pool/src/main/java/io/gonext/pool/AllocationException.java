package io.gonext.pool;

/**
 * The allocator could not make the instance this caller was waiting for; its failure is the cause.
 */
public final class AllocationException extends PoolException {

  AllocationException(String message, Throwable cause) {
    super(message, cause);
  }
}
