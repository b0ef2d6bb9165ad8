package io.gonext.cli.kit;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * While this is open, a signal that ends the process interrupts the thread that opened it, and the
 * process ends after that thread has closed this. So the thread can end its child processes and
 * delete its temporary files. The exit code stays that of the signal.
 */
final class EndOfProcess implements AutoCloseable {
  /** Longer than a child process may take to end. */
  private static final long PATIENCE_SECONDS = 10;

  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  private EndOfProcess(Thread worker) {
    this.hook =
        new Thread(
            () -> {
              worker.interrupt();
              try {
                closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            },
            "gonext-stop");
  }

  static EndOfProcess interrupts(Thread worker) {
    EndOfProcess end = new EndOfProcess(worker);
    Runtime.getRuntime().addShutdownHook(end.hook);
    return end;
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The signal is ending the process.
    }
  }
}
