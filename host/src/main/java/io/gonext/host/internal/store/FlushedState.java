package io.gonext.host.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVStore;
import org.jspecify.annotations.Nullable;

/**
 * The last state of an embedded database that is on the disk.
 *
 * <p>Invariant: space of the file is used again only once a later state, in which it is free, has
 * been flushed to the disk. So the last flushed state stays whole whatever is written after it.
 *
 * <p>Thread-safe.
 */
final class FlushedState {
  private final ReentrantLock lock = new ReentrantLock();

  /** Guarded by {@link #lock}. */
  private @Nullable Flushed flushed;

  /** The space that this state takes is not used again. */
  private record Flushed(MVStore store, MVStore.TxCounter version) {
    void release() {
      if (!store.isClosed()) {
        store.deregisterVersionUsage(version);
      }
    }
  }

  /** Makes what was committed before survive the end of the machine. */
  void flush(Connection connection) throws SQLException {
    lock.lock();
    try {
      MVStore store = store(connection);
      // Space that is free now is also free in the state that the next flush writes.
      Flushed next = new Flushed(store, store.registerVersionUsage());
      try (Statement statement = connection.createStatement()) {
        statement.execute("checkpoint sync");
      } catch (SQLException | RuntimeException e) {
        next.release();
        throw e;
      }
      if (flushed != null) {
        flushed.release();
      }
      flushed = next;
    } finally {
      lock.unlock();
    }
  }

  static MVStore store(Connection connection) throws SQLException {
    return H2Session.of(connection).getDatabase().getStore().getMvStore();
  }
}
