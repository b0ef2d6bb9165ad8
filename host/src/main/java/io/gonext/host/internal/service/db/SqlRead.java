package io.gonext.host.internal.service.db;

import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.db.PluginConnections.Held;
import io.gonext.host.internal.service.db.SqlArguments.Known;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One read of a plugin, on the guest's thread: one statement, in a transaction that cannot write
 * and is always rolled back. Another thread may cut it off.
 */
final class SqlRead implements SqlCut {
  private static final Logger log = LoggerFactory.getLogger(SqlRead.class);

  private final String plugin;
  private final SqlStatement statement;
  private final SqlDialect dialect;
  private final PluginConnections connections;
  private final SqlArguments arguments;

  /** The connection in use. Guarded by this. */
  private @Nullable Connection connection;

  /** Guarded by this. */
  private boolean cut;

  /** Whether {@link #on} was called, which gives the connection back. Of the calling thread. */
  private boolean begun;

  SqlRead(
      String plugin,
      SqlStatement statement,
      SqlDialect dialect,
      PluginConnections connections,
      SqlArguments arguments) {
    this.plugin = plugin;
    this.statement = statement;
    this.dialect = dialect;
    this.connections = connections;
    this.arguments = arguments;
  }

  @Override
  public synchronized @Nullable Connection cutOff() {
    cut = true;
    return connection;
  }

  synchronized boolean isCut() {
    return cut;
  }

  boolean hasBegun() {
    return begun;
  }

  private synchronized boolean hold(Connection next) {
    connection = cut ? null : next;
    return !cut;
  }

  /** Returns whether the connection was left alone. */
  private synchronized boolean letGo() {
    connection = null;
    return !cut;
  }

  /**
   * Reads on a connection, and gives it back.
   *
   * @return null if another connection may have an answer
   */
  @Nullable HostAnswer on(Held held) {
    begun = true;
    boolean sound = false;
    try {
      if (!hold(held.connection())) {
        return SqlFailure.unavailable();
      }
      HostAnswer answer = new HostAnswer.Body(read(held.connection()));
      sound = true;
      return answer;
    } catch (SqlRefusedException e) {
      sound = rolledBack(held.connection());
      return e.answer();
    } catch (SQLException e) {
      sound = !SqlFailure.isOfDatabase(e) && rolledBack(held.connection());
      return failed(e, held);
    } finally {
      if (letGo() && sound) {
        connections.giveBackRead(held);
      } else {
        connections.discardLater(held);
      }
    }
  }

  private byte[] read(Connection reader) throws SQLException, SqlRefusedException {
    Known known = arguments.known(reader, statement.sql());
    dialect.beginRead(reader);
    byte[] json = known.isLarge() ? null : whole(reader, known);
    if (json == null) {
      arguments.large(statement.sql());
      json = byCursor(reader, known);
    }
    // After the first read of a table the driver has asked for more.
    dialect.endRead(reader);
    return json;
  }

  /** Reads with one round trip. Returns null if there are too many rows for that. */
  private byte @Nullable [] whole(Connection reader, Known known)
      throws SQLException, SqlRefusedException {
    try (PreparedStatement prepared = reader.prepareStatement(dialect.alone(statement.sql()))) {
      prepared.setMaxRows(dialect.wholeRows() + 1);
      arguments.bind(prepared, statement, known);
      boolean rows = prepared.execute();
      if (!dialect.wasAlone(prepared)) {
        throw SqlRefusedException.badArguments(SqlRun.NOT_THE_TRANSACTION);
      }
      return rows ? rows(prepared, dialect.wholeRows()) : RowsJson.none();
    }
  }

  private byte[] byCursor(Connection reader, Known known) throws SQLException, SqlRefusedException {
    try (PreparedStatement prepared = reader.prepareStatement(statement.sql())) {
      prepared.setMaxRows(RowsJson.MAX_ROWS + 1);
      prepared.setFetchSize(RowsJson.FIRST_ROWS);
      arguments.bind(prepared, statement, known);
      byte[] json = prepared.execute() ? rows(prepared, RowsJson.MAX_ROWS) : RowsJson.none();
      return json == null ? RowsJson.none() : json;
    }
  }

  private byte @Nullable [] rows(PreparedStatement prepared, int most)
      throws SQLException, SqlRefusedException {
    try (ResultSet found = prepared.getResultSet()) {
      return RowsJson.read(found, dialect, RowsJson.MAX_BYTES, most);
    }
  }

  private static boolean rolledBack(Connection connection) {
    try {
      if (!connection.getAutoCommit()) {
        connection.rollback();
      }
      return true;
    } catch (SQLException e) {
      log.debug("a transaction was lost: {}", e.getMessage());
      return false;
    }
  }

  private @Nullable HostAnswer failed(SQLException e, Held held) {
    if (isCut()) {
      return SqlFailure.unavailable();
    }
    if (dialect.isTooLarge(e)) {
      return arguments.large(statement.sql())
          ? null
          : new HostAnswer.Explained(
              Refused.QUOTA, "a row is larger than the host reads: select less of it");
    }
    boolean lost = SqlFailure.isOfDatabase(e);
    if (lost && Thread.currentThread().isInterrupted()) {
      return SqlFailure.unavailable();
    }
    if (lost && held.reused()) {
      // The database had closed a connection that was kept.
      connections.forget(plugin);
      return null;
    }
    if (arguments.isWorthAnotherTry(statement, e)) {
      return null;
    }
    arguments.forget(statement);
    if (lost) {
      log.warn("the database of {} is not available: {}", plugin, e.getMessage());
    }
    return SqlFailure.answer(e, dialect);
  }
}
