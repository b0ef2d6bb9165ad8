package io.gonext.pool;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs each task on a thread of its own, which is made on demand and kept for ten seconds. Where
 * the machine has no thread left, tasks run one after another on a spare one, which is made at
 * once: a pool still gives instances to those who wait.
 *
 * <p>Thread-safe.
 */
final class Workers implements Executor {
  private static final long KEEP_ALIVE_SECONDS = 10;

  private final ThreadPoolExecutor many;
  private final ThreadPoolExecutor spare;

  /**
   * @param threads makes daemon threads: nobody ends the spare one
   */
  Workers(ThreadFactory threads) {
    this.many =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            KEEP_ALIVE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            threads);
    this.spare =
        new ThreadPoolExecutor(1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads);
    spare.prestartAllCoreThreads();
  }

  @Override
  public void execute(Runnable task) {
    try {
      many.execute(task);
    } catch (OutOfMemoryError noThread) {
      spare.execute(task);
    }
  }
}
