package io.gonext.pool;

/**
 * Makes and disposes of the instances of one {@link InstancePool}.
 *
 * <p>The pool calls {@link #create} and {@link #close} from its worker threads, never from a thread
 * that is waiting for a lease, and {@link #reset}, {@link #isOutgrown} and {@link #weightBytes}
 * from the thread that returns the lease. Calls for different instances may run at the same time;
 * calls for one instance never do, and each happens-before the next, so an instance itself need not
 * be thread-safe.
 *
 * <p>Anything these methods throw, {@link Error}s included, is counted and contained: it costs at
 * most the instance concerned.
 *
 * @param <T> what is pooled
 */
public interface Allocator<T> {

  /**
   * Makes a new instance. It may be slow: callers of the pool are never held by it past their own
   * deadline.
   *
   * @throws Exception any failure; one waiting caller receives it as the cause of an {@link
   *     AllocationException}, and the pool backs off before it tries again
   */
  T create() throws Exception;

  /**
   * Puts a returned instance back into the state it had after {@link #create}, before anyone else
   * can see it. The returning thread pays for it.
   *
   * @throws Exception when the instance cannot be made clean: it is then retired as {@link
   *     RecycleReason#ERROR}
   */
  default void reset(T instance) throws Exception {}

  /**
   * Whether a returned instance, though clean, is to be replaced by one that suits what it is used
   * for better: it is then retired as {@link RecycleReason#MEMORY}. Asked after every {@link
   * #reset}; must be cheap.
   */
  default boolean isOutgrown(T instance) {
    return false;
  }

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
