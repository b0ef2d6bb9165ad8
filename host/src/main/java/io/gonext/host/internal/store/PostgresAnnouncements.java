package io.gonext.host.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/**
 * Listens on a connection of its own: PostgreSQL hands a notification to the connection that asked
 * for it, and forgets it with that connection.
 */
final class PostgresAnnouncements implements Announcements {
  private final PostgresDatabase database;

  /** Guarded by this, for {@link #close}; used by the one thread that waits. */
  private @Nullable Connection connection;

  private boolean closed;

  PostgresAnnouncements(PostgresDatabase database) {
    this.database = database;
  }

  @Override
  public void await(Duration patience) throws SQLException {
    Connection listening = listening();
    if (listening == null) {
      return; // what was announced before was not heard
    }
    try {
      listening
          .unwrap(PGConnection.class)
          .getNotifications(Math.max(1, Math.toIntExact(patience.toMillis())));
    } catch (SQLException e) {
      drop();
      throw e;
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    drop();
  }

  /** The connection that listens already; null when it was only made by this call. */
  private @Nullable Connection listening() throws SQLException {
    synchronized (this) {
      if (connection != null || closed) {
        return connection;
      }
    }
    Connection made = database.connect();
    try (Statement listen = made.createStatement()) {
      listen.execute("set application_name = 'gonext-listener'");
      listen.execute("listen " + PostgresDatabase.CHANNEL);
    } catch (SQLException e) {
      made.close();
      throw e;
    }
    synchronized (this) {
      connection = made;
      if (closed) {
        drop();
      }
    }
    return null;
  }

  private synchronized void drop() {
    if (connection != null) {
      try {
        connection.abort(Runnable::run);
      } catch (SQLException e) {
        // The connection is dropped in any case.
      }
      connection = null;
    }
  }
}
