package io.gonext.host.internal.service.db;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ParameterMetaData;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Gives JSON values to the parameters of statements. The type is the column's where the database
 * knows it, otherwise the one of the JSON value.
 *
 * <p>Thread-safe.
 */
final class SqlArguments {
  private static final int STATEMENTS = 256;

  /** PostgreSQL cannot tell the type of a parameter. */
  private static final String INDETERMINATE = "42P18";

  private final SqlDialect dialect;

  /** What is known of statements, least recently used first. Guarded by itself. */
  private final Map<String, Known> statements =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Known> eldest) {
          return size() > STATEMENTS;
        }
      };

  /**
   * What is known of a statement of SQL that ran before.
   *
   * @param types of its parameters, as {@link SqlDialect#parameterType} names them
   * @param isLarge whether its rows are read one part after the other
   * @param plainAt see {@link SqlDialect#plainAt}
   */
  record Known(List<String> types, boolean isLarge, long plainAt) {}

  SqlArguments(SqlDialect dialect) {
    this.dialect = dialect;
  }

  /** What is known of a statement; null if nothing is. */
  @Nullable Known known(String sql) {
    synchronized (statements) {
      return statements.get(sql);
    }
  }

  /**
   * What is known of a statement. The database is asked if it did not run before.
   *
   * @throws SqlRefusedException when it is several statements, or none
   */
  Known known(Connection connection, String sql) throws SQLException, SqlRefusedException {
    Known before = known(sql);
    if (before != null) {
      return before;
    }
    if (dialect.count(sql) != 1) {
      throw SqlRefusedException.badArguments(
          "a call runs one statement of SQL, not several or none");
    }
    List<String> types = new ArrayList<>();
    try (PreparedStatement prepared = connection.prepareStatement(sql)) {
      ParameterMetaData parameters = prepared.getParameterMetaData();
      for (int i = 1; i <= parameters.getParameterCount(); i++) {
        types.add(dialect.parameterType(parameters, i));
      }
    }
    Known now = new Known(List.copyOf(types), false, SqlDialect.NOT_PLAIN);
    synchronized (statements) {
      statements.put(sql, now);
    }
    return now;
  }

  /**
   * Sets all parameters of a statement.
   *
   * @throws SqlRefusedException when there are more or fewer arguments than parameters, or one has
   *     no form of its parameter's type
   */
  void bind(PreparedStatement prepared, SqlStatement statement, Known known)
      throws SQLException, SqlRefusedException {
    JsonNode arguments = statement.arguments();
    List<String> types = known.types;
    if (types.size() != arguments.size()) {
      throw SqlRefusedException.badArguments(
          "the statement has %d parameters, and there are %d arguments"
              .formatted(types.size(), arguments.size()));
    }
    for (int i = 0; i < types.size(); i++) {
      dialect.bind(prepared, i + 1, types.get(i), arguments.get(i));
    }
  }

  /**
   * Whether a statement may succeed when it runs again in a new transaction, because its parameters
   * then have the types of their JSON values.
   */
  boolean isWorthAnotherTry(SqlStatement statement, SQLException failure) {
    if (!INDETERMINATE.equals(failure.getSQLState())) {
      return false;
    }
    Known unknown =
        new Known(
            statement.arguments().valueStream().map(_ -> "").toList(), false, SqlDialect.NOT_PLAIN);
    synchronized (statements) {
      Known before = statements.put(statement.sql(), unknown);
      return before == null || !before.types.equals(unknown.types);
    }
  }

  /** Forgets a statement that failed: a table may have changed. */
  void forget(SqlStatement statement) {
    synchronized (statements) {
      statements.remove(statement.sql());
    }
  }

  /** Has the rows of a statement read in parts from now on. Returns false if they were before. */
  boolean large(String sql) {
    synchronized (statements) {
      Known known = statements.get(sql);
      if (known == null || known.isLarge) {
        return false;
      }
      statements.put(sql, new Known(known.types, true, known.plainAt));
      return true;
    }
  }

  /** Keeps what {@link SqlDialect#plainAt} said of a statement. */
  void plain(String sql, long plainAt) {
    synchronized (statements) {
      statements.computeIfPresent(
          sql, (_, known) -> new Known(known.types, known.isLarge, plainAt));
    }
  }

  static void bindByJson(PreparedStatement statement, int index, JsonNode value)
      throws SQLException, SqlRefusedException {
    if (value.isNull()) {
      statement.setNull(index, Types.NULL);
    } else if (value.isBoolean()) {
      statement.setBoolean(index, value.booleanValue());
    } else if (value.isNumber()) {
      BigDecimal number = value.decimalValue();
      if (value.isIntegralNumber()
          && number.abs().compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) <= 0) {
        statement.setLong(index, number.longValueExact());
      } else {
        statement.setBigDecimal(index, number);
      }
    } else {
      statement.setString(index, text(index, value));
    }
  }

  /** A JSON value as the text of a value of SQL. */
  static String text(int index, JsonNode value) throws SqlRefusedException {
    if (value.isContainer()) {
      throw SqlRefusedException.badArguments(
          "argument %d is an array or an object, and its parameter is not".formatted(index));
    }
    return value.isNumber() ? value.decimalValue().toString() : value.asString();
  }

  static byte[] base64(int index, JsonNode value) throws SqlRefusedException {
    @Nullable String text = value.isString() ? value.stringValue() : null;
    try {
      if (text != null) {
        return Base64.getDecoder().decode(text);
      }
    } catch (IllegalArgumentException e) {
      // Answered below, as for a value that is not a text.
    }
    throw SqlRefusedException.badArguments(
        "argument %d is for a binary parameter, so it must be a text in base64".formatted(index));
  }
}
