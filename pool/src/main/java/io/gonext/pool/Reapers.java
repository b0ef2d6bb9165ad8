package io.gonext.pool;

import java.util.Arrays;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The one thread on which the {@link Reaper}s of many pools run. It exists while there is a pool
 * that is not closed. It allocates nothing once it runs, so that a full heap cannot end it.
 *
 * <p>Thread-safe.
 */
public final class Reapers {
  private static final Reaper<?>[] NONE = {};

  private final ThreadFactory threads;
  private final ReentrantLock lock = new ReentrantLock();

  /** Written under the lock, as a new array. */
  private volatile Reaper<?>[] reapers = NONE;

  /** Written under the lock; null while there is no pool. */
  private volatile @Nullable Thread thread;

  /**
   * @param threads makes the thread, again each time a first pool starts. Platform threads, so that
   *     virtual threads that occupy all carriers do not delay it
   */
  public Reapers(ThreadFactory threads) {
    this.threads = threads;
  }

  /** Runs a reaper from now on. */
  void add(Reaper<?> reaper) {
    lock.lock();
    try {
      Reaper<?>[] more =
          Stream.concat(Arrays.stream(reapers), Stream.of(reaper)).toArray(Reaper[]::new);
      if (thread == null) {
        Thread started = threads.newThread(this::run);
        started.setName("gonext-pool-reaper");
        reapers = more;
        thread = started;
        started.start();
      } else {
        reapers = more;
        wake();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Does not run a reaper again. A turn of it that has begun goes on. */
  void remove(Reaper<?> reaper) {
    lock.lock();
    try {
      reapers = Arrays.stream(reapers).filter(each -> each != reaper).toArray(Reaper[]::new);
      wake();
    } finally {
      lock.unlock();
    }
  }

  /** Lets the thread look again which reapers are due. */
  void wake() {
    LockSupport.unpark(thread);
  }

  private void run() {
    while (true) {
      Reaper<?>[] all = reapers;
      if (all.length == 0 && ends()) {
        return;
      }
      // A thread whose interrupt status is set does not park.
      Thread.interrupted();
      long now = System.nanoTime();
      long wait = Long.MAX_VALUE;
      for (Reaper<?> reaper : all) {
        wait = Math.min(wait, reaper.turnIfDue(now));
      }
      if (wait > 0) {
        LockSupport.parkNanos(this, wait);
      }
    }
  }

  /** Whether there is still no pool; then the thread ends, and the next pool starts another. */
  private boolean ends() {
    lock.lock();
    try {
      if (reapers.length > 0) {
        return false;
      }
      thread = null;
      return true;
    } finally {
      lock.unlock();
    }
  }
}
