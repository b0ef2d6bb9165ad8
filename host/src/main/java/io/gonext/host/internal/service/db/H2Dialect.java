package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.H2Session;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.JDBCType;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.h2.command.Prepared;
import org.h2.command.ddl.DropIndex;
import org.h2.command.ddl.DropTable;
import org.h2.command.ddl.TruncateTable;
import org.h2.command.dml.Delete;
import org.h2.engine.SessionLocal;
import org.h2.jdbc.JdbcException;
import org.h2.message.DbException;
import org.h2.util.ScriptReader;
import org.h2.util.TimeZoneProvider;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The embedded H2. */
final class H2Dialect extends SqlDialect {
  private static final String LEFT =
      "select 1 from information_schema.tables where table_type = 'LOCAL TEMPORARY'";

  private static final String UNSAFE =
      "select table_name || '.' || column_name from information_schema.columns where table_schema ="
          + " ? and data_type in ('CHARACTER LARGE OBJECT', 'BINARY LARGE OBJECT', 'JAVA_OBJECT')";

  /** H2 estimates what tables take, and the estimate falls long after rows were deleted. */
  private static final Set<Class<?>> REMOVALS =
      Set.of(Delete.class, DropIndex.class, DropTable.class, TruncateTable.class);

  private final PluginDatabases databases;

  H2Dialect(PluginDatabases databases) {
    this.databases = databases;
  }

  @Override
  boolean sharesConnections() {
    return false;
  }

  @Override
  int count(String sql) {
    int statements = 0;
    try (ScriptReader reader = new ScriptReader(new StringReader(sql))) {
      for (String one = reader.readStatement(); one != null; one = reader.readStatement()) {
        if (!one.isBlank()) {
          statements++;
        }
      }
    }
    return statements;
  }

  @Override
  void limit(Connection connection) throws SQLException {
    limit(H2Session.of(connection));
  }

  /** Not by SET, which has all sessions compile all of their statements again. */
  private static void limit(SessionLocal session) {
    session.setQueryTimeout(STATEMENT_MILLIS);
    session.setLockTimeout(LOCK_MILLIS);
    session.setTimeZone(TimeZoneProvider.UTC);
    session.setThrottle(0);
  }

  @Override
  boolean keepsSpaceOfRefused() {
    return false;
  }

  @Override
  boolean onlyRemoves(Connection connection, String sql) throws SQLException {
    return REMOVALS.contains(parsed(connection, sql).getClass());
  }

  @Override
  long plainAt(Connection connection, String sql) throws SQLException {
    long definitions = definitions(connection);
    return PlainSelect.is(parsed(connection, sql)) ? definitions : NOT_PLAIN;
  }

  @Override
  long definitions(Connection connection) throws SQLException {
    return H2Session.of(connection).getDatabase().getModificationMetaId();
  }

  /** A statement that the session can prepare, as H2 understands it. */
  static Prepared parsed(Connection connection, String sql) throws SQLException {
    SessionLocal session = H2Session.of(connection);
    session.lock();
    try {
      return session.prepare(sql);
    } catch (DbException e) {
      throw e.getSQLException();
    } finally {
      session.unlock();
    }
  }

  @Override
  boolean endsAll() {
    return false;
  }

  /** The user of the connection cannot write, and a statement is a transaction. */
  @Override
  void beginRead(Connection connection) {
    // Nothing to do.
  }

  @Override
  String alone(String sql) {
    return sql;
  }

  @Override
  boolean wasAlone(PreparedStatement executed) {
    return true;
  }

  /** H2 has all rows in memory anyway. */
  @Override
  int wholeRows() {
    return RowsJson.MAX_ROWS;
  }

  @Override
  void endRead(Connection connection) {
    // A statement has ended its transaction.
  }

  /** A plain select leaves nothing in its session. */
  @Override
  boolean cleansReads() {
    return false;
  }

  @Override
  boolean prepare(Connection connection, Access access, String schema) throws SQLException {
    limit(connection);
    return true;
  }

  /** H2 commits by itself where a statement changes a table's definition. */
  @Override
  boolean isInTransaction(Connection connection) {
    return true;
  }

  /** A session that may write may have left tables and variables, and H2 cannot discard them. */
  @Override
  boolean clean(Connection connection, Access access, String schema) throws SQLException {
    if (access != Access.READ) {
      return false;
    }
    SessionLocal session = H2Session.of(connection);
    limit(session);
    String own = schema.toUpperCase(Locale.ROOT);
    if (!own.equals(session.getCurrentSchemaName())) {
      return false;
    }
    try (Statement statement = connection.createStatement();
        ResultSet left = statement.executeQuery(LEFT)) {
      return !left.next();
    }
  }

  /** H2 tells sizes to an admin alone, the changes of open transactions included. */
  @Override
  Usage usage(Connection connection, String schema) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(UNSAFE)) {
      select.setString(1, schema.toUpperCase(Locale.ROOT));
      try (ResultSet rows = select.executeQuery()) {
        if (rows.next()) {
          return new Usage(
              0,
              "%s: the embedded database does not keep clob, blob and java_object safely: use"
                      .formatted(column(rows.getString(1)))
                  + " varchar, varbinary or json");
        }
      }
    }
    return new Usage(databases.embeddedBytes(schema), "");
  }

  @Override
  String parameterType(ParameterMetaData parameters, int index) throws SQLException {
    String name = parameters.getParameterTypeName(index);
    return name == null ? "" : name.toLowerCase(Locale.ROOT);
  }

  @Override
  void bind(PreparedStatement statement, int index, String type, JsonNode value)
      throws SQLException, SqlRefusedException {
    if (!value.isNull() && type.equals("json")) {
      // Bytes are JSON text to H2; a text would be a JSON string.
      statement.setBytes(index, value.toString().getBytes(StandardCharsets.UTF_8));
    } else if (!value.isNull() && type.startsWith("binary")) {
      statement.setBytes(index, SqlArguments.base64(index, value));
    } else if (value.isArray()) {
      List<@Nullable String> elements = new ArrayList<>();
      JDBCType common = JDBCType.VARCHAR;
      for (JsonNode element : value) {
        elements.add(element.isNull() ? null : SqlArguments.text(index, element));
        common = element.isIntegralNumber() ? JDBCType.BIGINT : common;
      }
      statement.setArray(
          index, statement.getConnection().createArrayOf(common.getName(), elements.toArray()));
    } else {
      SqlArguments.bindByJson(statement, index, value);
    }
  }

  /** Unquoted names are upper case to H2, and lower case to PostgreSQL. */
  @Override
  String column(String label) {
    return label.equals(label.toUpperCase(Locale.ROOT)) ? label.toLowerCase(Locale.ROOT) : label;
  }

  @Override
  boolean isTooLarge(SQLException failure) {
    return false;
  }

  @Override
  String message(SQLException failure) {
    return failure instanceof JdbcException known
        ? String.valueOf(known.getOriginalMessage())
        : String.valueOf(failure.getMessage());
  }
}
