package io.gonext.host.store;

import io.gonext.host.failure.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
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
   * @throws StoreException when the database fails; nothing was changed then, unless the message
   *     says that this is not known
   */
  <R extends @Nullable Object> R run(Work<R> work) {
    boolean committing = false;
    try (Connection connection = connections.getConnection()) {
      connection.setAutoCommit(false);
      try {
        R result = work.run(connection);
        committing = true;
        connection.commit();
        committing = false;
        return result;
      } catch (SQLException | RuntimeException | Error e) {
        rollBack(connection, e);
        throw e;
      }
    } catch (SQLTransientConnectionException e) {
      throw new StoreException("the store cannot be reached, nothing was changed", e);
    } catch (SQLException e) {
      // A connection that breaks while it commits takes the answer with it.
      throw new StoreException(
          committing && Database.isUnreachable(e)
              ? "the store was lost during a change, which it has made or has not: "
                  + e.getMessage()
              : "the store failed, nothing was changed: " + e.getMessage(),
          e);
    }
  }

  /**
   * As {@link #run}, for a change that must not be lost once this returns, not even with the
   * machine.
   */
  <R extends @Nullable Object> R runDurably(Database database, Work<R> work) {
    R result = run(work);
    try {
      database.settle(connections);
    } catch (SQLException e) {
      throw new StoreException(
          "the change was made, but the store could not be flushed to disk: " + e.getMessage(), e);
    }
    return result;
  }

  private static void rollBack(Connection connection, Throwable why) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      why.addSuppressed(e);
    }
  }
}
