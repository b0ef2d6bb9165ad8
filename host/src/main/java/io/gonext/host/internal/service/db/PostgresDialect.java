package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.postgresql.core.BaseConnection;
import org.postgresql.core.Parser;
import org.postgresql.core.TransactionState;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;
import tools.jackson.databind.JsonNode;

/** PostgreSQL. */
final class PostgresDialect extends SqlDialect {
  /**
   * As DISCARD ALL, but for the statements that the driver has prepared: to prepare them again at
   * each call costs as much as a read. Statements that the plugin has prepared itself are counted,
   * and end the session.
   */
  private static final String CLEAN =
      "reset session authorization; reset all; set timezone = 'UTC'; close all; unlisten *;"
          + " discard temp; discard sequences; select pg_advisory_unlock_all();"
          + " select count(*) from pg_prepared_statements where from_sql";

  /** The warning of a rollback outside of a transaction. */
  private static final String NO_TRANSACTION = "25P01";

  /** The driver holds all of them in memory, within its limit for a result. */
  private static final int WHOLE_ROWS = 256;

  /**
   * Types whose text the database reads. With the type told, the driver does not ask for it at each
   * call.
   */
  private static final Set<String> TOLD =
      Set.of(
          "int2",
          "int4",
          "int8",
          "text",
          "varchar",
          "bpchar",
          "bool",
          "float4",
          "float8",
          "numeric",
          "date",
          "timestamp",
          "timestamptz",
          "uuid");

  /** The path first, so that no function of the plugin's is called instead of the database's. */
  private static final String USAGE =
      "set local search_path = pg_catalog; select coalesce(sum(pg_total_relation_size(oid)),"
          + " 0)::int8, exists (select from pg_largeobject_metadata where lomowner ="
          + " session_user::regrole) from pg_class where relowner = session_user::regrole and"
          + " relkind in ('r', 'm', 'S')";

  @Override
  boolean sharesConnections() {
    return true;
  }

  @Override
  int count(String sql) throws SQLException {
    return Parser.parseJdbcSql(sql, true, true, true, false, false).size();
  }

  /** The session starts with these limits. */
  @Override
  void limit(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "set local statement_timeout = %d; set local lock_timeout = %d"
              .formatted(STATEMENT_MILLIS, LOCK_MILLIS));
    }
  }

  @Override
  boolean keepsSpaceOfRefused() {
    return true;
  }

  @Override
  boolean onlyRemoves(Connection connection, String sql) {
    return false; // the sizes of the files tell it
  }

  @Override
  long plainAt(Connection connection, String sql) {
    return NOT_PLAIN;
  }

  @Override
  long definitions(Connection connection) {
    return 0;
  }

  /** The end of its connection ends any statement for the guest. */
  @Override
  boolean endsAll() {
    return true;
  }

  /** The driver sends BEGIN READ ONLY together with the first statement. */
  @Override
  void beginRead(Connection connection) throws SQLException {
    connection.setReadOnly(true);
    connection.setAutoCommit(false);
  }

  /** All is sent, and comes back, at once. On a line of its own: a comment may end the first. */
  @Override
  String alone(String sql) {
    return sql + "\n;rollback";
  }

  @Override
  boolean wasAlone(PreparedStatement executed) throws SQLException {
    for (SQLWarning warning = executed.getWarnings();
        warning != null;
        warning = warning.getNextWarning()) {
      if (NO_TRANSACTION.equals(warning.getSQLState())) {
        return false;
      }
    }
    return true;
  }

  @Override
  int wholeRows() {
    return WHOLE_ROWS;
  }

  @Override
  void endRead(Connection connection) throws SQLException {
    connection.rollback();
  }

  /** A rollback takes back settings and tables, and not locks of the session. */
  @Override
  boolean cleansReads() {
    return true;
  }

  @Override
  boolean prepare(Connection connection, Access access, String schema) throws SQLException {
    return clean(connection, access, schema);
  }

  @Override
  boolean isInTransaction(Connection connection) throws SQLException {
    return connection.unwrap(BaseConnection.class).getTransactionState() == TransactionState.OPEN;
  }

  @Override
  boolean clean(Connection connection, Access access, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(CLEAN);
      long prepared = 0;
      do {
        try (ResultSet rows = statement.getResultSet()) {
          if (rows != null && rows.next()) {
            // The last one counts; that of the locks is void, which is an empty text.
            prepared = rows.getString(1).isEmpty() ? 0 : rows.getLong(1);
          }
        }
      } while (statement.getMoreResults() || statement.getUpdateCount() != -1);
      return prepared == 0;
    }
  }

  @Override
  Usage usage(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(USAGE);
      statement.getMoreResults();
      try (ResultSet rows = statement.getResultSet()) {
        rows.next();
        return new Usage(
            rows.getLong(1),
            rows.getBoolean(2) ? "large objects are not counted: use a column of type bytea" : "");
      }
    }
  }

  @Override
  String parameterType(ParameterMetaData parameters, int index) throws SQLException {
    return parameters.getParameterTypeName(index);
  }

  @Override
  void bind(PreparedStatement statement, int index, String type, JsonNode value)
      throws SQLException, SqlRefusedException {
    if (value.isNull()) {
      statement.setNull(index, Types.NULL);
    } else if (type.equals("json") || type.equals("jsonb")) {
      statement.setObject(index, value.toString(), Types.OTHER);
    } else if (type.equals("bytea")) {
      statement.setBytes(index, SqlArguments.base64(index, value));
    } else if (value.isArray() && type.startsWith("_")) {
      List<String> elements = new ArrayList<>();
      for (JsonNode element : value) {
        elements.add(element.isNull() ? null : SqlArguments.text(index, element));
      }
      statement.setArray(
          index, statement.getConnection().createArrayOf(type.substring(1), elements.toArray()));
    } else if (type.isEmpty()) {
      SqlArguments.bindByJson(statement, index, value);
    } else if (TOLD.contains(type)) {
      PGobject told = new PGobject();
      told.setType(type);
      told.setValue(SqlArguments.text(index, value));
      statement.setObject(index, told);
    } else {
      // Without a type: the server takes the column's.
      statement.setObject(index, SqlArguments.text(index, value), Types.OTHER);
    }
  }

  @Override
  String column(String label) {
    return label;
  }

  /** The driver has no code of its own for it. */
  @Override
  boolean isTooLarge(SQLException failure) {
    return String.valueOf(failure.getMessage()).contains("maxResultBuffer");
  }

  @Override
  String message(SQLException failure) {
    ServerErrorMessage told =
        failure instanceof PSQLException known ? known.getServerErrorMessage() : null;
    if (told == null || told.getMessage() == null) {
      return String.valueOf(failure.getMessage());
    }
    StringBuilder message = new StringBuilder(told.getMessage());
    if (told.getDetail() != null) {
      message.append(": ").append(told.getDetail());
    }
    if (told.getPosition() > 0) {
      message.append(" (at character ").append(told.getPosition()).append(')');
    }
    return message.toString();
  }
}
