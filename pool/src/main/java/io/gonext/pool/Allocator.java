package io.gonext.pool;

/**
 * Makes and disposes of the instances of one {@link InstancePool}.
 *
 * <p>The pool calls {@link #create} and {@link #close} from its worker threads, never from a thread
 * that is waiting for a lease, and {@link #reset} and {@link #weightBytes} from the thread that
 * returns the lease. Calls for different instances may run concurrently. Calls for one instance do
 * not, and each happens-before the next, so an instance need not be thread-safe.
 *
 * <p>The pool catches and counts everything these methods throw, {@link Error}s included. A failure
 * costs at most the instance concerned.
 *
 * @param <T> what is pooled
 */
public interface Allocator<T> {

  /**
   * Makes a new instance. It may be slow: callers of the pool still time out at their own
   * deadlines.
   *
   * @throws Exception on any failure; one waiting caller gets it as the cause of an {@link
   *     AllocationException}, and the pool pauses before it tries again
   */
  T create() throws Exception;

  /**
   * Restores the state that a returned instance had after {@link #create}. Runs on the returning
   * thread, before another caller can get the instance.
   *
   * @throws Exception when the instance cannot be reset; the pool then retires it as {@link
   *     RecycleReason#ERROR}
   */
  default void reset(T instance) throws Exception {}

  /**
   * Releases what the instance holds. Called exactly once for every instance that {@link #create}
   * returned; the instance's place in the pool is free for another once this returns.
   */
  default void close(T instance) throws Exception {}

  /**
   * The memory the instance holds now, in bytes; read after {@link #create} and after every {@link
   * #reset}. Must be cheap: it is on the path of every return.
   */
  default long weightBytes(T instance) {
    return 0;
  }
}
