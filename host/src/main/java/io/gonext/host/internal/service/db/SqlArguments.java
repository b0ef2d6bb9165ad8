package io.gonext.host.internal.service.db;

import java.math.BigDecimal;
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

  /** The types of a statement's parameters, least recently used first. Guarded by itself. */
  private final Map<String, List<String>> types =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<String, List<String>> eldest) {
          return size() > STATEMENTS;
        }
      };

  SqlArguments(SqlDialect dialect) {
    this.dialect = dialect;
  }

  /**
   * Sets all parameters of a statement.
   *
   * @throws SqlRefusedException when there are more or fewer arguments than parameters, or one has
   *     no form of its parameter's type
   */
  void bind(PreparedStatement prepared, SqlStatement statement)
      throws SQLException, SqlRefusedException {
    JsonNode arguments = statement.arguments();
    List<String> known = types(prepared, statement.sql(), arguments.size());
    if (known.size() != arguments.size()) {
      throw SqlRefusedException.badArguments(
          "the statement has %d parameters, and there are %d arguments"
              .formatted(known.size(), arguments.size()));
    }
    for (int i = 0; i < known.size(); i++) {
      dialect.bind(prepared, i + 1, known.get(i), arguments.get(i));
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
    List<String> unknown = statement.arguments().valueStream().map(_ -> "").toList();
    synchronized (types) {
      return !unknown.equals(types.put(statement.sql(), unknown));
    }
  }

  /** Forgets the types of a statement that failed: a table may have changed. */
  void forget(SqlStatement statement) {
    synchronized (types) {
      types.remove(statement.sql());
    }
  }

  private List<String> types(PreparedStatement prepared, String sql, int arguments)
      throws SQLException {
    synchronized (types) {
      List<String> known = types.get(sql);
      if (known != null) {
        return known;
      }
    }
    ParameterMetaData parameters = prepared.getParameterMetaData();
    List<String> read = new ArrayList<>();
    for (int i = 1; i <= parameters.getParameterCount(); i++) {
      read.add(dialect.parameterType(parameters, i));
    }
    if (read.size() == arguments) {
      synchronized (types) {
        types.put(sql, List.copyOf(read));
      }
    }
    return read;
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
