package io.gonext.host.internal.store;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Word that a plugin was changed in the store. It saves waiting; it may be lost. */
interface Announcements extends AutoCloseable {
  /**
   * Returns when there was word since the last call, when some may have been lost, or when time is
   * up or this is closed.
   *
   * @throws SQLException when there is no way to listen at the moment; the next call tries again
   */
  void await(Duration patience) throws SQLException, InterruptedException;

  /** Ends an {@link #await} of another thread. */
  @Override
  void close();

  /** Where nobody else makes changes. */
  static Announcements none() {
    CountDownLatch closed = new CountDownLatch(1);
    return new Announcements() {
      @Override
      public void await(Duration patience) throws InterruptedException {
        var _ = closed.await(patience.toNanos(), TimeUnit.NANOSECONDS);
      }

      @Override
      public void close() {
        closed.countDown();
      }
    };
  }
}
