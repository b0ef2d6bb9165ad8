package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Runs work in a transaction of the store: either all of it is committed when it returns, or
 * nothing.
 *
 * @param threads that are never interrupted, because an interrupt during a read or a write closes
 *     the embedded database's file, or the network connection, for all others too. An interrupted
 *     caller continues to wait, and stays interrupted
 * @param health records each failure
 */
record Transactions(DataSource connections, Executor threads, StoreHealth health) {
  @FunctionalInterface
  interface Work<R extends @Nullable Object> {
    R run(Connection connection) throws SQLException;
  }

  /**
   * Runs the work in a transaction of its own.
   *
   * @throws StoreException when the database fails
   */
  <R extends @Nullable Object> R run(Work<R> work) {
    return onThreads(() -> inTransaction(work));
  }

  /**
   * As {@link #run}, on this thread: for PostgreSQL alone, and for a platform thread, whose reads
   * and writes of the network an interrupt leaves alone.
   */
  <R extends @Nullable Object> R runHere(Work<R> work) {
    // The pool of connections would refuse an interrupted thread.
    boolean interrupted = Thread.interrupted();
    try {
      return inTransaction(work);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * As {@link #run}, for a change that must not be lost once this returns, not even with the
   * machine.
   */
  <R extends @Nullable Object> R runDurably(SqlDatabase database, Work<R> work) {
    return onThreads(() -> {
      R result = inTransaction(work);
      try {
        database.settle(connections);
      } catch (SQLException e) {
        health.failed(e);
        throw StoreException.maybeChanged(
            "the change was made, but the store could not be flushed to disk: " + e.getMessage(),
            e);
      }
      return result;
    });
  }

  /**
   * Runs one statement that reads. A transaction around it would cost PostgreSQL a second round
   * trip.
   *
   * @throws StoreException when the database fails
   */
  <R extends @Nullable Object> R read(Work<R> work) {
    return onThreads(() -> {
      try (Connection connection = connections.getConnection()) {
        return work.run(connection);
      } catch (SQLException e) {
        throw failed(e);
      }
    });
  }

  private <R extends @Nullable Object> R onThreads(Supplier<R> work) {
    try {
      return CompletableFuture.supplyAsync(work, threads).join();
    } catch (RejectedExecutionException e) {
      throw new StoreException("the store is closed, nothing was changed", e);
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case Error failure -> throw failure;
        case null, default -> throw e;
      }
    }
  }

  private <R extends @Nullable Object> R inTransaction(Work<R> work) {
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
    } catch (SQLException e) {
      if (committing && !SqlDatabase.isRolledBack(e)) {
        health.failed(e);
        // When the connection or the disk fails during a commit, its outcome is unknown.
        throw StoreException.maybeChanged(
            "the store was lost during a change, which it has made or has not: " + e.getMessage(),
            e);
      }
      throw failed(e);
    }
  }

  private StoreException failed(SQLException e) {
    health.failed(e);
    return e instanceof SQLTransientConnectionException
        ? new StoreException("the store cannot be reached, nothing was changed", e)
        : new StoreException("the store failed, nothing was changed: " + e.getMessage(), e);
  }

  private static void rollBack(Connection connection, Throwable why) {
    try {
      connection.rollback();
    } catch (SQLException e) {
      why.addSuppressed(e);
    }
  }
}
