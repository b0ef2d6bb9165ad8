package io.gonext.host.internal.service.db;

import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * One statement and its arguments.
 *
 * @param arguments a JSON array
 */
record SqlStatement(String sql, JsonNode arguments) {
  /** The longest text of a statement, in bytes of UTF-8 where a guest sends it alone. */
  static final int MAX_SQL_BYTES = 64 * 1024;

  /** The most statements of a batch. */
  static final int MAX_STATEMENTS = 64;

  /**
   * Reads the statements of {@code gn_db_batch}.
   *
   * @throws SqlRefusedException when they are not as the ABI says
   */
  static List<SqlStatement> batch(JsonNode json) throws SqlRefusedException {
    JsonNode statements = json.get("statements");
    if (!json.isObject() || statements == null || !statements.isArray()) {
      throw SqlRefusedException.badArguments(
          "a batch is an object with an array \"statements\" of {\"sql\",\"args\"}");
    }
    for (String field : json.propertyNames()) {
      if (!field.equals("statements") && !field.equals("enqueue")) {
        throw SqlRefusedException.badArguments(
            "a batch has the fields \"statements\" and \"enqueue\" only");
      }
    }
    if (statements.isEmpty() || statements.size() > MAX_STATEMENTS) {
      throw SqlRefusedException.badArguments("a batch has 1 to " + MAX_STATEMENTS + " statements");
    }
    List<SqlStatement> read = new ArrayList<>();
    for (JsonNode statement : statements) {
      read.add(one(statement));
    }
    return read;
  }

  private static SqlStatement one(JsonNode json) throws SqlRefusedException {
    JsonNode sql = json.get("sql");
    JsonNode arguments = json.get("args");
    boolean plain =
        json.isObject()
            && sql != null
            && sql.isString()
            && json.size() == (arguments == null ? 1 : 2)
            && (arguments == null || arguments.isArray());
    if (!plain) {
      throw SqlRefusedException.badArguments(
          "a statement of a batch is {\"sql\":\"...\",\"args\":[...]}");
    }
    if (sql.stringValue().length() > MAX_SQL_BYTES) {
      throw SqlRefusedException.badArguments(
          "a statement has at most " + MAX_SQL_BYTES + " characters");
    }
    return new SqlStatement(
        sql.stringValue(), arguments == null ? JsonNodeFactory.instance.arrayNode() : arguments);
  }
}
