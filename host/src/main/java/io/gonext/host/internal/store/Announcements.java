package io.gonext.host.internal.store;

import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Announcements that a plugin was changed in the store. They shorten the wait, and may be lost. */
interface Announcements extends AutoCloseable {
  /**
   * Returns when an announcement arrived since the last call, when some may have been lost, when
   * the time is over, or when this is closed.
   *
   * @throws SQLException when it cannot listen at the moment; the next call tries again
   */
  void await(Duration patience) throws SQLException, InterruptedException;

  /** Ends an {@link #await} of another thread. */
  @Override
  void close();

  /** For a store that only this host changes. */
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
