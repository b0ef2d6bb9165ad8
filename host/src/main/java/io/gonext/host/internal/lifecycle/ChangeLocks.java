package io.gonext.host.internal.lifecycle;

import io.gonext.host.StoreException;
import io.gonext.host.internal.log.AboutPlugin;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One lock for each plugin, held during a change of the plugin. No change begins once the host is
 * closed.
 *
 * <p>Thread-safe.
 */
final class ChangeLocks {
  @FunctionalInterface
  interface Change<R, E extends Exception> {
    R make() throws E;
  }

  /** Never removed, so that a name has one lock. */
  private final Map<String, ReentrantLock> locks = new ConcurrentHashMap<>();

  private volatile boolean closed;

  /** Makes a change once no other change of the plugin is under way. */
  <R, E extends Exception> R hold(String plugin, Change<R, E> change) throws E {
    ReentrantLock lock = of(plugin);
    lock.lock();
    return made(plugin, lock, change);
  }

  /** As {@link #hold}, but an interrupt ends the wait. */
  <R> R holdInterruptibly(String plugin, Change<R, InterruptedException> change)
      throws InterruptedException {
    ReentrantLock lock = of(plugin);
    lock.lockInterruptibly();
    return made(plugin, lock, change);
  }

  /** Makes a change, or returns false when another one is under way. */
  <E extends Exception> boolean tryHold(String plugin, Change<?, E> change) throws E {
    ReentrantLock lock = of(plugin);
    if (!lock.tryLock()) {
      return false;
    }
    var _ = made(plugin, lock, change);
    return true;
  }

  /** Refuses all changes from now on; those under way fail at {@link #requireOpen}. */
  void close() {
    closed = true;
  }

  /**
   * @throws StoreException once the host is being closed
   */
  void requireOpen() {
    if (closed) {
      throw new StoreException("the host is being closed, nothing was changed", null);
    }
  }

  private <R, E extends Exception> R made(String plugin, ReentrantLock held, Change<R, E> change)
      throws E {
    try (AboutPlugin _ = AboutPlugin.open(plugin)) {
      requireOpen();
      return change.make();
    } finally {
      held.unlock();
    }
  }

  private ReentrantLock of(String plugin) {
    return locks.computeIfAbsent(plugin, n -> new ReentrantLock());
  }
}
