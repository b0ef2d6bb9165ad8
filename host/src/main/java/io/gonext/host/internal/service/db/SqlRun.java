package io.gonext.host.internal.service.db;

import io.gonext.host.HostException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.service.db.PluginConnections.Held;
import io.gonext.host.internal.service.db.SqlArguments.Known;
import io.gonext.host.json.StrictJson;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * One call of a plugin: a transaction on one connection, on a thread that is never interrupted.
 * Whoever waits for the answer may cut it off; nothing is committed after that.
 */
final class SqlRun implements Runnable, SqlCut {
  static final String NOT_THE_TRANSACTION =
      "the host begins and ends the transaction, a statement must not";

  private static final Logger log = LoggerFactory.getLogger(SqlRun.class);

  private final Task task;
  private final Parts parts;
  private final CompletableFuture<HostAnswer> answer = new CompletableFuture<>();

  /** The connection in use. Guarded by this. */
  private @Nullable Connection connection;

  /** Guarded by this. */
  private boolean cut;

  /**
   * What to run.
   *
   * @param jobs the entries that a batch enqueues; null if it enqueues none
   * @param keeps false for a call without effects: its changes are rolled back
   */
  record Task(
      String plugin,
      String schema,
      SqlKind kind,
      List<SqlStatement> statements,
      @Nullable JsonNode jobs,
      long maxBytes,
      boolean keeps) {}

  /**
   * What it works with.
   *
   * @param batchJobs null where this host enqueues no jobs in a batch
   * @param release called once the connection is no longer in use
   */
  record Parts(
      SqlDialect dialect,
      PluginConnections connections,
      SqlArguments arguments,
      PluginState state,
      @Nullable BatchJobs batchJobs,
      Runnable release) {}

  SqlRun(Task task, Parts parts) {
    this.task = task;
    this.parts = parts;
  }

  CompletableFuture<HostAnswer> answer() {
    return answer;
  }

  @Override
  public synchronized @Nullable Connection cutOff() {
    cut = true;
    return connection;
  }

  @Override
  public void run() {
    boolean changes = task.kind != SqlKind.READ && !parts.dialect.endsAll();
    if (changes) {
      parts.state.beginChange();
    }
    try {
      attempt();
    } catch (SQLException e) {
      log.warn("the database of {} is not available: {}", task.plugin, e.getMessage());
      answer.complete(SqlFailure.unavailable());
    } catch (HostException e) {
      log.warn("{}", e.getMessage());
      answer.complete(SqlFailure.unavailable());
    } catch (RuntimeException | Error e) {
      log.warn("the SQL of {} failed", task.plugin, e);
      answer.complete(SqlFailure.unavailable());
      if (e instanceof Error) {
        throw e;
      }
    } finally {
      if (changes) {
        parts.state.endChange();
      }
      parts.release.run();
      // Where the call was cut off before it began.
      answer.complete(SqlFailure.unavailable());
    }
  }

  /** How one attempt ended. */
  private enum End {
    ANSWERED,
    /** The database had closed a connection that was kept; nothing was committed. */
    STALE,
    /** The database could not tell the type of a parameter; the types are the arguments' now. */
    RETYPED
  }

  private void attempt() throws SQLException {
    End end = on(parts.connections.take(task.plugin, task.kind.access()));
    while (end != End.ANSWERED && !isCut()) {
      if (end == End.STALE) {
        parts.connections.forget(task.plugin);
      }
      end = on(parts.connections.take(task.plugin, task.kind.access()));
    }
  }

  private End on(Held held) {
    boolean usable = false;
    try {
      if (!hold(held.connection())) {
        return End.ANSWERED;
      }
      Transaction transaction = new Transaction(held);
      End end = transaction.run();
      usable = transaction.sound;
      return end;
    } finally {
      if (letGo() && usable) {
        parts.connections.giveBack(held);
      } else {
        parts.connections.discard(held);
      }
    }
  }

  private synchronized boolean hold(Connection next) {
    connection = cut ? null : next;
    return !cut;
  }

  private synchronized boolean letGo() {
    connection = null;
    return !cut;
  }

  private synchronized boolean isCut() {
    return cut;
  }

  /** One transaction on one connection. */
  private final class Transaction {
    private final Held held;
    private final Connection connection;
    private final ByteArrayOutputStream results = new ByteArrayOutputStream();

    /** Whether the connection can be used again. */
    private boolean sound;

    private boolean committing;

    /** The statement that runs, or ran last. */
    private @Nullable SqlStatement current;

    Transaction(Held held) {
      this.held = held;
      this.connection = held.connection();
    }

    End run() {
      try {
        connection.setReadOnly(task.kind == SqlKind.READ);
        connection.setAutoCommit(false);
        HostAnswer result = all();
        if (task.kind == SqlKind.READ || !task.keeps) {
          // The guest need not wait for the rest.
          answer.complete(result);
          connection.rollback();
          learn();
        } else {
          commit(result);
        }
        connection.setAutoCommit(true);
        sound = true;
        return End.ANSWERED;
      } catch (SqlRefusedException e) {
        answer.complete(e.answer());
        rollBack();
        return End.ANSWERED;
      } catch (SQLException e) {
        return failed(e);
      }
    }

    /** The next read of the same may run on the guest's thread. */
    private void learn() throws SQLException {
      if (task.kind == SqlKind.READ) {
        String sql = task.statements.getFirst().sql();
        parts.arguments.plain(sql, parts.dialect.plainAt(connection, sql));
      }
    }

    private boolean onlyRemoves() throws SQLException {
      for (SqlStatement statement : task.statements) {
        if (!parts.dialect.onlyRemoves(connection, statement.sql())) {
          return false;
        }
      }
      return true;
    }

    private void commit(HostAnswer result) throws SQLException, SqlRefusedException {
      SqlDialect.Usage usage = parts.dialect.usage(connection, task.schema);
      if (!usage.problem().isEmpty()) {
        throw SqlRefusedException.badArguments(usage.problem());
      }
      boolean removes = usage.bytes() > task.maxBytes && onlyRemoves();
      if (!parts.state.admits(usage.bytes(), task.maxBytes, removes)) {
        if (parts.dialect.keepsSpaceOfRefused()) {
          connection.rollback();
          parts.state.measured(parts.dialect.usage(connection, task.schema).bytes());
        }
        throw new SqlRefusedException(
            Refused.QUOTA,
            "the plugin's tables would take %d bytes, and may take %d"
                .formatted(usage.bytes(), task.maxBytes));
      }
      if (isCut()) {
        connection.rollback();
        return;
      }
      committing = true;
      connection.commit();
      committing = false;
      answer.complete(result);
    }

    private End failed(SQLException e) {
      SqlStatement failing = current;
      boolean lost = SqlFailure.isOfDatabase(e);
      if (!lost) {
        rollBack();
      }
      if (lost
          && held.reused()
          && !committing
          && !answer.isDone()
          && !parts.dialect.isTooLarge(e)) {
        return End.STALE;
      }
      if (failing != null && parts.arguments.isWorthAnotherTry(failing, e)) {
        return End.RETYPED;
      }
      if (failing != null) {
        parts.arguments.forget(failing);
      }
      if (parts.dialect.isTooLarge(e)) {
        answer.complete(
            new HostAnswer.Explained(
                Refused.QUOTA, "a row is larger than the host reads: select less of it"));
      }
      if (lost && !answer.isDone() && !isCut()) {
        log.warn("the database of {} is not available: {}", task.plugin, e.getMessage());
      }
      answer.complete(SqlFailure.answer(e, parts.dialect));
      return End.ANSWERED;
    }

    private void rollBack() {
      try {
        connection.rollback();
        connection.setAutoCommit(true);
        sound = true;
      } catch (SQLException e) {
        log.debug("a transaction of {} was lost: {}", task.plugin, e.getMessage());
      }
    }

    private HostAnswer all() throws SQLException, SqlRefusedException {
      if (task.kind != SqlKind.BATCH) {
        return new HostAnswer.Body(one(0, task.statements.getFirst()));
      }
      append("{\"results\":[");
      for (int i = 0; i < task.statements.size(); i++) {
        append(i == 0 ? "" : ",");
        results.writeBytes(one(i, task.statements.get(i)));
      }
      append("]" + enqueued() + "}");
      return new HostAnswer.Body(results.toByteArray());
    }

    private String enqueued() throws SQLException, SqlRefusedException {
      JsonNode entries = task.jobs;
      BatchJobs jobs = parts.batchJobs;
      if (entries == null) {
        return "";
      }
      if (jobs == null) {
        throw SqlRefusedException.badArguments("this host does not enqueue jobs in a batch");
      }
      JsonNode enqueued = jobs.enqueue(connection, task.plugin, entries);
      return ",\"enqueued\":" + new String(StrictJson.write(enqueued), StandardCharsets.UTF_8);
    }

    private void append(String text) {
      results.writeBytes(text.getBytes(StandardCharsets.UTF_8));
    }

    private byte[] one(int index, SqlStatement statement) throws SQLException, SqlRefusedException {
      current = statement;
      Known known = parts.arguments.known(connection, statement.sql());
      if (index > 0) {
        parts.dialect.limit(connection);
      }
      try (PreparedStatement prepared = connection.prepareStatement(statement.sql())) {
        prepared.setMaxRows(RowsJson.MAX_ROWS + 1);
        prepared.setFetchSize(RowsJson.FIRST_ROWS);
        parts.arguments.bind(prepared, statement, known);
        boolean rows = prepared.execute();
        if (!parts.dialect.isInTransaction(connection)) {
          throw SqlRefusedException.badArguments(NOT_THE_TRANSACTION);
        }
        return rows ? rows(prepared) : changes(prepared.getLargeUpdateCount());
      }
    }

    private byte[] rows(PreparedStatement prepared) throws SQLException, SqlRefusedException {
      try (ResultSet found = prepared.getResultSet()) {
        return RowsJson.read(found, parts.dialect, RowsJson.MAX_BYTES - results.size());
      }
    }

    private byte[] changes(long count) {
      return task.kind == SqlKind.READ
          ? RowsJson.none()
          : ("{\"rows_affected\":" + Math.max(0, count) + "}").getBytes(StandardCharsets.UTF_8);
    }
  }
}
