package io.gonext.host.internal.jobs;

import java.util.List;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;

/**
 * The threads on which db-scheduler talks to the store. They end without an interrupt, because an
 * interrupt during a read or a write closes the embedded database's file.
 */
final class QuietThreads extends ScheduledThreadPoolExecutor {
  private final Runnable onStop;

  /**
   * @param onStop wakes what waits on these threads
   */
  QuietThreads(int threads, ThreadFactory factory, Runnable onStop) {
    super(threads, factory);
    this.onStop = onStop;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown();
    onStop.run();
    return List.of();
  }
}
