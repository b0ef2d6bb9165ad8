package io.gonext.cli.dev;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Handles SIGINT and SIGTERM as a request to stop. After {@link #listen}, a signal runs the current
 * action, waits until this is closed, and ends the JVM with 0 instead of 128 plus the signal.
 * Thread-safe.
 */
final class StopSignal implements AutoCloseable {
  private final CountDownLatch ended = new CountDownLatch(1);
  private final Thread hook;

  // Guarded by this.
  private boolean came;
  private @Nullable Runnable action;

  private StopSignal(Duration patience, Runnable overdue) {
    this.hook = new Thread(() -> stop(patience, overdue), "gonext-stop");
  }

  /**
   * Begins to handle signals.
   *
   * @param patience how long closing may take
   * @param overdue runs when closing takes longer, before the JVM ends
   */
  static StopSignal listen(Duration patience, Runnable overdue) {
    StopSignal signal = new StopSignal(patience, overdue);
    Runtime.getRuntime().addShutdownHook(signal.hook);
    return signal;
  }

  /** Whether a signal has come. */
  synchronized boolean came() {
    return came;
  }

  /** Sets the action of a signal; runs it now if a signal has already come. */
  synchronized void does(Runnable next) {
    action = next;
    if (came) {
      next.run();
    }
  }

  private void stop(Duration patience, Runnable overdue) {
    synchronized (this) {
      came = true;
      if (action != null) {
        action.run();
      }
    }
    try {
      if (!ended.await(patience.toNanos(), TimeUnit.NANOSECONDS)) {
        overdue.run();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(0);
  }

  /** Everything is closed: lets a signal that has come end the JVM, and stops handling signals. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The hook is running.
    }
  }
}
