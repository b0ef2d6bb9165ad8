package io.gonext.host.internal.service.db;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Types;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * The rows of a query as JSON: {@code {"columns":[],"types":[],"rows":[[...]],"truncated":false}}.
 * What JSON would lose is a text: integers beyond 2^53, decimals, binary values (base64), times.
 */
final class RowsJson {
  /** The most rows of an answer. */
  static final int MAX_ROWS = 10_000;

  /** The largest answer, in bytes. */
  static final int MAX_BYTES = 1024 * 1024;

  /** How many rows are fetched first, before it is known how large they are. */
  static final int FIRST_ROWS = 16;

  private static final int MORE_ROWS = 512;

  /** The end of the JSON, with the larger of its two forms. */
  private static final int TAIL_BYTES = 32;

  private static final int EXPECTED_BYTES = 256;

  /** The largest integer that a double holds without loss. */
  private static final long MAX_SAFE = (1L << 53) - 1;

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private RowsJson() {}

  /**
   * Reads rows until an answer is full.
   *
   * @param maxBytes of the answer, at most {@link #MAX_BYTES}
   */
  static byte[] read(ResultSet rows, SqlDialect dialect, int maxBytes)
      throws SQLException, SqlRefusedException {
    return Objects.requireNonNull(read(rows, dialect, maxBytes, MAX_ROWS));
  }

  /**
   * As {@link #read(ResultSet, SqlDialect, int)}, for the first part of the rows. Returns null if
   * there may be more.
   *
   * @param most rows of the part
   */
  static byte @Nullable [] read(ResultSet rows, SqlDialect dialect, int maxBytes, int most)
      throws SQLException, SqlRefusedException {
    ResultSetMetaData columns = rows.getMetaData();
    Type[] types = new Type[columns.getColumnCount()];
    Writer out = new Writer(maxBytes);
    out.append("{\"columns\":[");
    for (int i = 0; i < types.length; i++) {
      types[i] = Type.of(columns, i + 1);
      out.append(i == 0 ? "" : ",");
      String name = dialect.column(columns.getColumnLabel(i + 1));
      out.writeBytes(StrictJson.write(NODES.stringNode(name)));
    }
    out.append("],\"types\":[");
    for (int i = 0; i < types.length; i++) {
      out.append((i == 0 ? "\"" : ",\"") + types[i].label() + "\"");
    }
    out.append("],\"rows\":[");
    boolean truncated = out.isFull();
    int read = 0;
    while (!truncated && rows.next()) {
      if (read == most && most < MAX_ROWS) {
        return null;
      }
      if (read == FIRST_ROWS) {
        rows.setFetchSize(MORE_ROWS);
      }
      truncated = read == MAX_ROWS || !out.tryAppend(rows, types, read > 0);
      read++;
    }
    out.append("],\"truncated\":" + truncated + "}");
    return out.toByteArray();
  }

  /** The answer of a statement that has no rows. */
  static byte[] none() {
    return "{\"columns\":[],\"types\":[],\"rows\":[],\"truncated\":false}"
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Bytes up to a limit. A value at a time, because most are short, and an object costs more. */
  private static final class Writer extends ByteArrayOutputStream {
    private final int maxBytes;

    Writer(int maxBytes) {
      super(EXPECTED_BYTES);
      this.maxBytes = maxBytes - TAIL_BYTES;
    }

    void append(String text) {
      writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    boolean isFull() {
      return count > maxBytes;
    }

    /** Appends the row that was read; nothing if it has no room. */
    boolean tryAppend(ResultSet rows, Type[] types, boolean comma)
        throws SQLException, SqlRefusedException {
      int before = count;
      append(comma ? ",[" : "[");
      for (int i = 0; i < types.length && !isFull(); i++) {
        if (i > 0) {
          write(',');
        }
        byte[] value = StrictJson.write(types[i].read(rows, i + 1), maxBytes - count);
        if (value == null) {
          count = before;
          return false;
        }
        writeBytes(value);
      }
      write(']');
      if (isFull()) {
        count = before;
        return false;
      }
      return true;
    }
  }

  /** The types that guests see, the same for both databases. */
  private enum Type {
    BOOLEAN,
    INTEGER,
    BIGINT,
    DOUBLE,
    DECIMAL,
    TEXT,
    BINARY,
    DATE,
    TIME,
    TIMESTAMP,
    TIMESTAMPTZ,
    UUID,
    JSON,
    ARRAY,
    /** A serialized object of Java, which the host never reads. */
    OBJECT;

    /** PostgreSQL's driver asks the server before it names a type, so most have no need of that. */
    static Type of(ResultSetMetaData columns, int column) throws SQLException {
      int type = columns.getColumnType(column);
      return switch (type) {
        case Types.TINYINT, Types.SMALLINT, Types.INTEGER -> INTEGER;
        case Types.BIGINT -> BIGINT;
        case Types.BOOLEAN -> BOOLEAN;
        case Types.VARCHAR, Types.CHAR -> TEXT;
        case Types.DATE -> DATE;
        default -> of(type, columns.getColumnTypeName(column));
      };
    }

    private static Type of(int type, String typeName) {
      String name = typeName.toLowerCase(Locale.ROOT);
      if (name.equals("uuid")) {
        return UUID;
      }
      return switch (type) {
        case Types.BIT -> name.startsWith("bool") ? BOOLEAN : TEXT;
        case Types.REAL, Types.FLOAT, Types.DOUBLE -> name.equals("money") ? TEXT : DOUBLE;
        case Types.NUMERIC, Types.DECIMAL -> DECIMAL;
        case Types.BINARY, Types.VARBINARY, Types.LONGVARBINARY, Types.BLOB -> BINARY;
        case Types.TIME, Types.TIME_WITH_TIMEZONE -> TIME;
        case Types.TIMESTAMP -> name.equals("timestamptz") ? TIMESTAMPTZ : TIMESTAMP;
        case Types.TIMESTAMP_WITH_TIMEZONE -> TIMESTAMPTZ;
        case Types.ARRAY -> name.contains("object") || name.contains("other") ? OBJECT : ARRAY;
        case Types.JAVA_OBJECT -> OBJECT;
        case Types.OTHER ->
            switch (name) {
              case "json", "jsonb" -> JSON;
              default -> name.contains("object") ? OBJECT : TEXT;
            };
        default -> name.equals("decfloat") ? DECIMAL : TEXT;
      };
    }

    private final String label = name().toLowerCase(Locale.ROOT);

    String label() {
      return label;
    }

    JsonNode read(ResultSet rows, int column) throws SQLException, SqlRefusedException {
      JsonNode value =
          switch (this) {
            case BOOLEAN -> NODES.booleanNode(rows.getBoolean(column));
            case INTEGER -> NODES.numberNode(rows.getInt(column));
            case BIGINT -> whole(rows.getLong(column));
            case DOUBLE -> number(rows.getDouble(column));
            case BINARY -> binary(rows.getBytes(column));
            case TIMESTAMP -> timestamp(rows, column);
            case TIMESTAMPTZ -> timestampWithZone(rows, column);
            case JSON -> json(rows.getString(column));
            case ARRAY -> array(rows.getArray(column));
            case OBJECT ->
                throw SqlRefusedException.badArguments(
                    "column %d is an object of Java: select a value of SQL".formatted(column));
            case DECIMAL, TEXT, DATE, TIME, UUID -> string(rows.getString(column));
          };
      return rows.wasNull() ? NODES.nullNode() : value;
    }
  }

  private static JsonNode string(@Nullable String text) {
    return text == null ? NODES.nullNode() : NODES.stringNode(text);
  }

  private static JsonNode whole(long number) {
    return Math.abs(number) <= MAX_SAFE && number != Long.MIN_VALUE
        ? NODES.numberNode(number)
        : NODES.stringNode(Long.toString(number));
  }

  private static JsonNode number(double number) {
    return Double.isFinite(number)
        ? NODES.numberNode(number)
        : NODES.stringNode(Double.toString(number));
  }

  private static JsonNode binary(byte @Nullable [] bytes) {
    return string(bytes == null ? null : Base64.getEncoder().encodeToString(bytes));
  }

  /** PostgreSQL's driver reads its infinite times as the largest and the smallest. */
  private static JsonNode timestamp(ResultSet rows, int column) throws SQLException {
    LocalDateTime time = rows.getObject(column, LocalDateTime.class);
    if (time == null || time.equals(LocalDateTime.MAX) || time.equals(LocalDateTime.MIN)) {
      return string(rows.getString(column));
    }
    return NODES.stringNode(DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(time));
  }

  private static JsonNode timestampWithZone(ResultSet rows, int column) throws SQLException {
    OffsetDateTime time = rows.getObject(column, OffsetDateTime.class);
    if (time == null || time.equals(OffsetDateTime.MAX) || time.equals(OffsetDateTime.MIN)) {
      return string(rows.getString(column));
    }
    return NODES.stringNode(
        DateTimeFormatter.ISO_OFFSET_DATE_TIME.format(time.withOffsetSameInstant(ZoneOffset.UTC)));
  }

  private static JsonNode json(@Nullable String text) {
    if (text == null) {
      return NODES.nullNode();
    }
    try {
      return StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
    } catch (InvalidJsonException e) {
      // With duplicate keys or very long numbers, which the type json keeps.
      return NODES.stringNode(text);
    }
  }

  private static JsonNode array(@Nullable Array array) throws SQLException {
    return array == null ? NODES.nullNode() : elements((Object[]) array.getArray());
  }

  private static ArrayNode elements(@Nullable Object[] elements) {
    ArrayNode json = NODES.arrayNode();
    for (Object element : elements) {
      json.add(
          switch (element) {
            case null -> NODES.nullNode();
            case Object[] nested -> elements(nested);
            case Boolean flag -> NODES.booleanNode(flag);
            case Long number -> whole(number);
            case Integer number -> NODES.numberNode(number);
            case Short number -> NODES.numberNode(number);
            case Double number -> number(number);
            case Float number -> number(number);
            case BigDecimal number -> NODES.stringNode(number.toPlainString());
            case byte[] bytes -> binary(bytes);
            default -> NODES.stringNode(element.toString());
          });
    }
    return json;
  }
}
