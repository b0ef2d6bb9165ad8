package io.gonext.host.internal.store;

import java.sql.Connection;
import java.sql.SQLException;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcConnection;
import org.jspecify.annotations.Nullable;

/**
 * H2's session behind a connection. Its methods set what the statement SET does, but SET has all
 * sessions compile all of their statements again, and so has {@code Statement.setQueryTimeout}.
 */
public final class H2Session {
  private H2Session() {}

  /**
   * The session.
   *
   * @throws SQLException when the connection is closed
   */
  public static SessionLocal of(Connection connection) throws SQLException {
    SessionLocal session = ifOpen(connection);
    if (session == null) {
      throw new SQLException("the connection is closed");
    }
    return session;
  }

  static @Nullable SessionLocal ifOpen(Connection connection) throws SQLException {
    return (SessionLocal) connection.unwrap(JdbcConnection.class).getSession();
  }
}
