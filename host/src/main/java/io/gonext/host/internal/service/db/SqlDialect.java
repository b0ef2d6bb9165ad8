package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import tools.jackson.databind.JsonNode;

/** What differs between the databases of a store. Immutable. */
abstract sealed class SqlDialect permits PostgresDialect, H2Dialect {
  /** The most that a statement may take. */
  static final int STATEMENT_MILLIS = PluginDatabases.STATEMENT_MILLIS;

  /** The most that it may wait for one lock. */
  static final int LOCK_MILLIS = PluginDatabases.LOCK_MILLIS;

  static SqlDialect of(PluginDatabases databases) {
    return databases.isPostgreSql() ? new PostgresDialect() : new H2Dialect(databases);
  }

  /**
   * What a plugin's tables take.
   *
   * @param problem what they must not have, as a sentence; empty if there is nothing
   */
  record Usage(long bytes, String problem) {}

  /** What {@link #plainAt} says of a statement that is not plain. */
  static final long NOT_PLAIN = -1;

  /**
   * Whether a statement ends soon after it is cut off, so that it may run on a guest's thread. The
   * statement ran before, without a failure. Must be called by a thread that is never interrupted.
   *
   * @return a number of the database's definitions to compare with {@link #definitions}, because
   *     the answer holds for these; {@link #NOT_PLAIN} if it does not
   */
  abstract long plainAt(Connection connection, String sql) throws SQLException;

  /** Changes with each change of a table or a view. */
  abstract long definitions(Connection connection) throws SQLException;

  /** Whether all statements are plain, so that nobody needs to ask. */
  abstract boolean endsAll();

  /** Prepares a connection for {@link #alone}. Asks nothing of the database. */
  abstract void beginRead(Connection connection) throws SQLException;

  /** A text that runs one statement in a transaction which cannot write, and ends it. */
  abstract String alone(String sql);

  /** Whether the statement of {@link #alone} left the transaction to the host. */
  abstract boolean wasAlone(PreparedStatement executed) throws SQLException;

  /** The most rows that {@link #alone} reads. */
  abstract int wholeRows();

  /** Ends what {@link #alone} has not ended. Asks nothing of the database if there is nothing. */
  abstract void endRead(Connection connection) throws SQLException;

  /** Whether a session that has only read must be cleaned before its next use. */
  abstract boolean cleansReads();

  /** Makes a new session as {@link #clean} leaves it. Returns false if it cannot be used. */
  abstract boolean prepare(Connection connection, Access access, String schema) throws SQLException;

  /** Whether reads and writes use the same connections. */
  abstract boolean sharesConnections();

  /** How many statements a text has, as the driver counts them. */
  abstract int count(String sql) throws SQLException;

  /** Sets the limits of time again, which an earlier statement may have changed. */
  abstract void limit(Connection connection) throws SQLException;

  /** Whether the transaction is still the one that the host began. */
  abstract boolean isInTransaction(Connection connection) throws SQLException;

  /**
   * Takes back what a plugin may have left in a session.
   *
   * @return false when the session cannot be used again
   */
  abstract boolean clean(Connection connection, Access access, String schema) throws SQLException;

  /** What the plugin's tables take, within the transaction that has changed them. */
  abstract Usage usage(Connection connection, String schema) throws SQLException;

  /** Whether the tables stay larger for a while after a change was rolled back. */
  abstract boolean keepsSpaceOfRefused();

  /** Whether a statement that has run can only have made the tables smaller; false if unknown. */
  abstract boolean onlyRemoves(Connection connection, String sql) throws SQLException;

  /** The type of a parameter as the database calls it; empty if it does not know. */
  abstract String parameterType(ParameterMetaData parameters, int index) throws SQLException;

  /**
   * Sets a parameter.
   *
   * @param type see {@link #parameterType}
   * @throws SqlRefusedException when the value has no form of that type
   */
  abstract void bind(PreparedStatement statement, int index, String type, JsonNode value)
      throws SQLException, SqlRefusedException;

  /** The name of a column as a guest sees it. */
  abstract String column(String label);

  /** Whether a failure is that a row is larger than the host reads. */
  abstract boolean isTooLarge(SQLException failure);

  /** What the database says of a failure, for the plugin's author. */
  abstract String message(SQLException failure);
}
