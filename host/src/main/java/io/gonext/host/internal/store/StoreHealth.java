package io.gonext.host.internal.store;

import io.gonext.engine.PlainText;
import io.gonext.host.StoreTrouble;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Whether the store works. Any transaction may find that it does not. Only a probe finds that it
 * works again.
 *
 * <p>Thread-safe.
 */
final class StoreHealth {
  /**
   * What a database that works may say of one statement, by the class of its SQLSTATE: data,
   * constraint, rolled back, syntax, not supported.
   */
  private static final Set<String> OF_A_STATEMENT = Set.of("0A", "22", "23", "40", "42");

  private static final Set<String> OF_ROWS = Set.of("0A", "22", "23", "42");

  /** A statement that was cancelled at its time limit, and a lock that was not free in time. */
  private static final Set<String> LATE = Set.of("57014", "HYT00");

  private final InstantSource clock;
  private final AtomicReference<@Nullable StoreTrouble> trouble = new AtomicReference<>();

  StoreHealth(InstantSource clock) {
    this.clock = clock;
  }

  /** Records a failure, unless it says nothing about the store as a whole. */
  void failed(SQLException e) {
    if (!isOfAStatement(e)) {
      StoreTrouble now =
          new StoreTrouble(PlainText.of(String.valueOf(e.getMessage())), clock.instant());
      // Keep the first failure: it has the time at which the trouble began.
      trouble.compareAndSet(null, now);
    }
  }

  void works() {
    trouble.set(null);
  }

  Optional<StoreTrouble> trouble() {
    return Optional.ofNullable(trouble.get());
  }

  /** Whether a database that works refused the values of a statement, or the statement itself. */
  static boolean isOfRows(SQLException e) {
    String state = e.getSQLState();
    return state != null && state.length() == 5 && OF_ROWS.contains(state.substring(0, 2));
  }

  private static boolean isOfAStatement(SQLException e) {
    String state = e.getSQLState();
    return !(e instanceof SQLTransientConnectionException)
        && state != null
        && (LATE.contains(state)
            || (state.length() == 5 && OF_A_STATEMENT.contains(state.substring(0, 2))));
  }
}
