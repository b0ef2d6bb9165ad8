package io.gonext.host.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.h2.Driver;

/**
 * Connects to an embedded database, and frees it where H2 has left it locked.
 *
 * <p>The database is open as long as one connection to it is. HikariCP makes connections on a
 * thread of its own. When the pool closes, it waits for one that is being made no longer than the
 * login timeout; one that comes later would keep the file open and locked, or open it again. So
 * this source knows its connections, and closes what is left.
 *
 * <p>H2 2.4.240 that opens a database on a full disk fails and leaves the file open and locked
 * until the garbage collector finds it. Until then the database counts as in use, also when there
 * is space again. {@link DirectoryLock} keeps other processes away, so a file in use was left by
 * this one: the collector is asked to look, and the connection pool tries again.
 *
 * <p>Thread-safe.
 */
final class EmbeddedSource extends PlainSource implements AutoCloseable {
  /** H2's DATABASE_ALREADY_OPEN_1. */
  private static final int IN_USE = 90_020;

  /** A collection takes the heap's size in time: it is asked for once in so long. */
  private static final long PAUSE_NANOS = 1_000_000_000L;

  private static final int LOGIN_SECONDS = 5;

  private final String url;

  /** Held for reading while a connection is made, for writing while this closes. */
  private final ReentrantReadWriteLock closing = new ReentrantReadWriteLock();

  private final Set<Connection> made = ConcurrentHashMap.newKeySet();
  private boolean closed;
  private final AtomicLong asked = new AtomicLong(System.nanoTime() - PAUSE_NANOS);

  EmbeddedSource(String url) {
    this.url = url;
  }

  @Override
  public Connection getConnection() throws SQLException {
    return connect(url, new Properties());
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    Properties login = new Properties();
    login.setProperty("user", user);
    login.setProperty("password", password);
    // Settings need admin rights.
    return connect(url.replaceAll(";.*", ""), login);
  }

  private Connection connect(String url, Properties login) throws SQLException {
    closing.readLock().lock();
    try {
      if (closed) {
        throw new SQLException("the embedded database is closed");
      }
      Connection connection = new Driver().connect(url, login);
      made.removeIf(EmbeddedSource::isClosed);
      made.add(connection);
      return connection;
    } catch (SQLException e) {
      if (e.getErrorCode() == IN_USE) {
        freeWhatWasLeft();
      }
      throw e;
    } finally {
      closing.readLock().unlock();
    }
  }

  /** Closes all connections, and with the last one the database. Makes no new one. */
  @Override
  public void close() throws SQLException {
    closing.writeLock().lock();
    try {
      closed = true;
      for (Connection connection : made) {
        connection.close();
      }
      made.clear();
    } finally {
      closing.writeLock().unlock();
    }
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }

  private void freeWhatWasLeft() {
    long now = System.nanoTime();
    long last = asked.get();
    if (now - last >= PAUSE_NANOS && asked.compareAndSet(last, now)) {
      System.gc();
    }
  }

  /** How long HikariCP waits for a connection that is being made when the pool closes. */
  @Override
  public int getLoginTimeout() {
    return LOGIN_SECONDS;
  }
}
