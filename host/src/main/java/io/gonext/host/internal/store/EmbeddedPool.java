package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The connections to an embedded database, and the care of its file: whoever asks for a connection
 * when the file has grown beyond its bound compacts it first, for a moment, while others' commits
 * wait. H2 does not: it writes each commit to the disk at once here, and then never compacts a file
 * that is open.
 *
 * <p>Thread-safe.
 */
final class EmbeddedPool extends EmbeddedConnections {
  /** A file is never too large below this. */
  static final long FLOOR_BYTES = 32L * 1024 * 1024;

  /** A file is too large when it has more than so many times what is live in it. */
  static final int FACTOR = 4;

  /** How long a compaction takes, about, in milliseconds, and so many times longer at most. */
  private static final int COMPACTION_MILLIS = 250;

  private static final int MAX_COMPACTIONS = 4;

  private static final Duration LIMIT = Duration.ofSeconds(30);

  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPool.class);

  private final Path file;
  private final ReentrantLock care = new ReentrantLock();

  /** The size at which the file is looked at next. */
  private volatile long nextLook = FLOOR_BYTES;

  EmbeddedPool(HikariConfig config, EmbeddedSource source, Path file) {
    super(config, source, LIMIT);
    this.file = file;
  }

  /** When this returns, the file is closed and stays so. */
  @Override
  public void close() {
    super.close();
    try {
      source().close();
    } catch (SQLException e) {
      LOG.warn("{} could not be closed in order: {}", file, e.getMessage());
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = super.getConnection();
    if (size() > nextLook && care.tryLock()) {
      try {
        compact(connection);
      } catch (MVStoreException e) {
        connection.close();
        throw new SQLException("the store's file cannot be compacted: " + e.getMessage(), e);
      } catch (SQLException | RuntimeException e) {
        connection.close();
        throw e;
      } finally {
        care.unlock();
      }
    }
    return connection;
  }

  /** Makes what was committed before survive the end of the machine. */
  void flush(Connection connection) throws SQLException {
    source().flush(connection);
  }

  private void compact(Connection connection) throws SQLException {
    long before = size();
    flush(connection);
    MVStore store = FlushedState.store(connection);
    long bound = bound(store);
    if (before > bound) {
      // Compact for longer the larger the file is. Writers wait meanwhile, so the file shrinks.
      store.compactFile(COMPACTION_MILLIS * (int) Math.min(MAX_COMPACTIONS, before / bound));
      flush(connection);
    }
    long after = size();
    nextLook = Math.max(bound(store), after + Math.min(after / 8, FLOOR_BYTES));
    LOG.debug("{} was compacted from {} to {} bytes", file, before, after);
  }

  private static long bound(MVStore store) {
    long used = store.getFileStore().size() / 100 * store.getFillRate();
    long live = used / 100 * store.getFileStore().getChunksFillRate();
    return Math.max(FLOOR_BYTES, FACTOR * live);
  }

  private long size() {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0; // whoever uses the database is told what is wrong with it
    }
  }
}
