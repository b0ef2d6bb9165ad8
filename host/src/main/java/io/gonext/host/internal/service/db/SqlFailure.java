package io.gonext.host.internal.service.db;

import io.gonext.engine.PlainText;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import java.sql.SQLException;
import java.util.Set;

/** What a guest gets for a failure of its database. */
final class SqlFailure {
  /** A cancelled statement; a lock that was not free in time, on PostgreSQL and on H2. */
  private static final Set<String> LATE = Set.of("57014", "55P03", "HYT00");

  /** H2's for a row that another transaction has changed. */
  private static final Set<String> CONCURRENT = Set.of("90131");

  /** H2's for a database that was closed. */
  private static final Set<String> CLOSED = Set.of("90098", "90121");

  private static final int MAX_MESSAGE_LENGTH = 1_000;

  private SqlFailure() {}

  /** Whether the statement is not the reason. */
  static boolean isOfDatabase(SQLException failure) {
    String state = state(failure);
    return state.isEmpty()
        || state.startsWith("08")
        || state.startsWith("53")
        || state.startsWith("58")
        || (state.startsWith("57") && !state.equals("57014"))
        || CLOSED.contains(state);
  }

  static HostAnswer answer(SQLException failure, SqlDialect dialect) {
    String state = state(failure);
    if (isOfDatabase(failure)) {
      return unavailable();
    }
    String message = PlainText.of(dialect.message(failure), MAX_MESSAGE_LENGTH);
    if (LATE.contains(state)) {
      return new HostAnswer.Explained(
          Refused.TIMED_OUT,
          (state.equals("57014")
                  ? "a statement took more than %d ms: ".formatted(SqlDialect.STATEMENT_MILLIS)
                  : "a lock was not free within %d ms: ".formatted(SqlDialect.LOCK_MILLIS))
              + message);
    }
    if (state.startsWith("40") || CONCURRENT.contains(state)) {
      return new HostAnswer.Explained(
          Refused.CONFLICT, "another transaction was first, try again: " + message);
    }
    return new HostAnswer.RejectedByDatabase(state, message);
  }

  static HostAnswer unavailable() {
    return new HostAnswer.Unavailable("its database was not available");
  }

  private static String state(SQLException failure) {
    return failure.getSQLState() == null ? "" : failure.getSQLState();
  }
}
