package io.gonext.cli.dev;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * SIGINT and SIGTERM as a request to end: from {@link #listen} on they do what was last said, wait
 * until the command has closed all it has, and end the JVM with 0 in place of 128 and the signal.
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
   * Begins.
   *
   * @param patience how long closing may take
   * @param overdue what is done when it took longer, before the JVM ends all the same
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

  /** What a signal does from now on, in place of what it did; at once when it has come already. */
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

  /** All is closed: a signal that came ends the JVM now, a later one is none of this one's. */
  @Override
  public void close() {
    ended.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // It is running.
    }
  }
}
