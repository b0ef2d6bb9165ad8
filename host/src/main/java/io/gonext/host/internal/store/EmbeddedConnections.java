package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;

/**
 * A pool of connections to an embedded database. Whoever asks for one opens the database where it
 * is not open, and gets no connection to it as it was open before.
 *
 * <p>Thread-safe.
 */
class EmbeddedConnections extends HikariDataSource {
  /** How long a caller waits for the pool before it looks whether the database is still open. */
  private static final Duration LOOK = Duration.ofMillis(250);

  private final EmbeddedSource source;
  private final Waiting waiting;
  private final Duration limit;

  /**
   * @param limit how long a caller waits for a connection
   */
  EmbeddedConnections(HikariConfig config, EmbeddedSource source, Duration limit) {
    this(config, source, limit, new Waiting(source));
  }

  private EmbeddedConnections(
      HikariConfig config, EmbeddedSource source, Duration limit, Waiting waiting) {
    super(with(config, waiting));
    this.source = source;
    this.limit = limit;
    this.waiting = waiting;
  }

  private static HikariConfig with(HikariConfig config, Waiting waiting) {
    config.setDataSource(waiting);
    config.setConnectionTimeout(LOOK.toMillis());
    config.setExceptionOverride(new ClosedDatabase());
    config.setConnectionTestQuery("select 1");
    return config;
  }

  /**
   * Makes the pool's connections, on the pool's own thread. That thread waits while the database is
   * not open: after a failure it would wait for longer each time, also once the database is open.
   */
  private static final class Waiting extends PlainSource {
    private static final int LOGIN_SECONDS = 5;

    private final EmbeddedSource source;
    private volatile boolean closing;

    Waiting(EmbeddedSource source) {
      this.source = source;
    }

    @Override
    public Connection getConnection() throws SQLException {
      source.await(() -> closing);
      return source.connect();
    }

    void close() {
      closing = true;
      source.lookAgain();
    }

    /** How long HikariCP waits for a connection that is being made when the pool closes. */
    @Override
    public int getLoginTimeout() {
      return LOGIN_SECONDS;
    }
  }

  @Override
  public Connection getConnection() throws SQLException {
    long start = System.nanoTime();
    while (true) {
      Duration left = limit.minusNanos(System.nanoTime() - start);
      source.open(left);
      try {
        Connection connection = super.getConnection();
        if (source.isCurrent(connection)) {
          return connection;
        }
        evictConnection(connection);
      } catch (SQLTransientConnectionException e) {
        if (left.compareTo(LOOK) < 0) {
          throw e;
        }
      }
    }
  }

  /** A connection of another user, which does not belong to this pool. */
  Connection connectAs(String user, String password) throws SQLException {
    source.open(limit);
    return source.connect(user, password);
  }

  @Override
  public void close() {
    waiting.close();
    super.close();
  }

  EmbeddedSource source() {
    return source;
  }
}
