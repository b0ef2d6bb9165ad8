package io.gonext.host.store;

import io.gonext.host.failure.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Work in a transaction of the store: all of it is committed when it returns, or none. */
record Transactions(DataSource connections) {
  @FunctionalInterface
  interface Work<R extends @Nullable Object> {
    R run(Connection connection) throws SQLException;
  }

  /**
   * Runs the work in a transaction of its own.
   *
   * @throws StoreException when the database fails; nothing was changed then
   */
  <R extends @Nullable Object> R run(Work<R> work) {
    try (Connection connection = connections.getConnection()) {
      connection.setAutoCommit(false);
      boolean done = false;
      try {
        R result = work.run(connection);
        connection.commit();
        done = true;
        return result;
      } finally {
        if (!done) {
          connection.rollback();
        }
      }
    } catch (SQLException e) {
      throw new StoreException("the store failed, nothing was changed: " + e.getMessage(), e);
    }
  }
}
