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

  /** Whether reads and writes use the same connections. */
  abstract boolean sharesConnections();

  /** How many statements a text has, as the driver counts them. */
  abstract int count(String sql) throws SQLException;

  /** Sets the limits of time again, which an earlier statement may have changed. */
  abstract void limit(Connection connection, int index) throws SQLException;

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
