package io.gonext.host.internal.store;

import io.gonext.host.JobAttempt;
import io.gonext.host.JobInfo;
import io.gonext.host.JobState;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;

/**
 * What operators see of jobs and do to them: lists, cancel, retry, delete, pause, numbers.
 *
 * <p>Thread-safe, also between processes on one database. Methods throw {@link
 * io.gonext.host.StoreException} when the database fails.
 */
public final class JobRecords {
  private static final String SELECT =
      "select j.id, j.plugin, j.name, j.kind, j.state, j.args, j.idempotency_key, j.priority,"
          + " j.enqueued_at, j.due_at, j.ended_at, j.attempts, j.failures, j.trace, j.reason,"
          + " q.picked from job j left join job_queue q"
          + " on q.task_name = 'job' and q.task_instance = j.id";

  private final Transactions transactions;

  JobRecords(Transactions transactions) {
    this.transactions = transactions;
  }

  /** A job with its attempts. */
  public Optional<JobInfo> find(String id) {
    return transactions.run(connection -> {
      try (PreparedStatement select = connection.prepareStatement(SELECT + " where j.id = ?")) {
        select.setString(1, id);
        try (ResultSet row = select.executeQuery()) {
          return row.next() ? Optional.of(info(row, attempts(connection, id))) : Optional.empty();
        }
      }
    });
  }

  /**
   * The newest jobs.
   *
   * @param plugin empty for all
   * @param state null for all
   */
  public List<JobInfo> list(String plugin, @Nullable JobState state, int limit) {
    StringBuilder where = new StringBuilder(" where 1 = 1");
    if (!plugin.isEmpty()) {
      where.append(" and j.plugin = ?");
    }
    if (state == JobState.RUNNING) {
      where.append(" and q.picked = true");
    } else if (state != null) {
      where.append(" and j.state = ? and (q.picked is null or q.picked = false)");
    }
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              SELECT + where + " order by j.enqueued_at desc, j.id fetch first ? rows only")) {
        int at = 1;
        if (!plugin.isEmpty()) {
          select.setString(at++, plugin);
        }
        if (state != null && state != JobState.RUNNING) {
          select.setString(at++, state.name());
        }
        select.setInt(at, limit);
        List<JobInfo> jobs = new ArrayList<>();
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            jobs.add(info(rows, List.of()));
          }
        }
        return jobs;
      }
    });
  }

  /** What an operator's act on a job came to. */
  public enum Act {
    DONE,
    /** There is no such job. */
    UNKNOWN,
    /** Its state does not allow it. */
    REFUSED
  }

  /** Cancels a job that waits. */
  public Act cancel(String id, String reason, Instant now) {
    return transactions.run(connection -> {
      if (!exists(connection, id)) {
        return Act.UNKNOWN;
      }
      try (PreparedStatement delete =
          connection.prepareStatement(
              "delete from job_queue where task_name = 'job' and task_instance = ?"
                  + " and picked = false")) {
        delete.setString(1, id);
        if (delete.executeUpdate() == 0) {
          return Act.REFUSED;
        }
      }
      try (PreparedStatement update =
          connection.prepareStatement(
              "update job set state = 'CANCELLED', reason = ?, ended_at = ? where id = ?")) {
        update.setString(1, reason);
        update.setObject(2, JobStore.atUtc(now));
        update.setString(3, id);
        update.executeUpdate();
      }
      return Act.DONE;
    });
  }

  /**
   * Lets a job run now: one that is dead or cancelled, from its first attempt, or one that waits.
   */
  public Act retry(String id, Instant now) {
    return transactions.run(connection -> {
      String plugin;
      String name;
      JobState state;
      int priority;
      try (PreparedStatement select = connection.prepareStatement(SELECT + " where j.id = ?")) {
        select.setString(1, id);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            return Act.UNKNOWN;
          }
          plugin = row.getString(2);
          name = row.getString(3);
          state = JobState.valueOf(row.getString(5));
          priority = row.getInt(8);
        }
      }
      if (state == JobState.SUCCEEDED) {
        return Act.REFUSED;
      }
      if (state.isEnded()) {
        try (PreparedStatement update =
            connection.prepareStatement(
                "update job set state = 'WAITING', failures = 0, reason = null, ended_at = null,"
                    + " due_at = ? where id = ? and state in ('DEAD', 'CANCELLED')")) {
          update.setObject(1, JobStore.atUtc(now));
          update.setString(2, id);
          if (update.executeUpdate() == 0) {
            return Act.REFUSED;
          }
        }
        JobStore.queue(connection, JobStore.JOB, id, now, priority, JobStore.jobLane(plugin), name);
        return Act.DONE;
      }
      try (PreparedStatement update =
          connection.prepareStatement(
              "update job_queue set execution_time = ?, version = version + 1"
                  + " where task_name = 'job' and task_instance = ? and picked = false")) {
        update.setObject(1, JobStore.atUtc(now));
        update.setString(2, id);
        return update.executeUpdate() == 1 ? Act.DONE : Act.REFUSED;
      }
    });
  }

  /** Deletes a job that is dead or was cancelled, with its attempts. */
  public Act delete(String id) {
    return transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement(
              "delete from job where id = ? and state in ('DEAD', 'CANCELLED')")) {
        delete.setString(1, id);
        if (delete.executeUpdate() == 1) {
          return Act.DONE;
        }
      }
      return exists(connection, id) ? Act.REFUSED : Act.UNKNOWN;
    });
  }

  private static boolean exists(Connection connection, String id) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement("select 1 from job where id = ?")) {
      select.setString(1, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }

  /**
   * Pauses a job of a plugin, or all if the name is empty.
   *
   * @return false when it was paused before
   */
  public boolean pause(String plugin, String name) {
    return transactions.run(connection -> {
      if (paused(connection, plugin).contains(name)) {
        return false;
      }
      try (PreparedStatement insert =
          connection.prepareStatement("insert into job_pause (plugin, name) values (?, ?)")) {
        insert.setString(1, plugin);
        insert.setString(2, name);
        insert.executeUpdate();
      }
      return true;
    });
  }

  /**
   * Ends a pause.
   *
   * @return false when there was none
   */
  public boolean resume(String plugin, String name) {
    return transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from job_pause where plugin = ? and name = ?")) {
        delete.setString(1, plugin);
        delete.setString(2, name);
        return delete.executeUpdate() == 1;
      }
    });
  }

  /** The paused jobs of a plugin; an empty name stands for all. */
  public Set<String> paused(String plugin) {
    return transactions.run(connection -> paused(connection, plugin));
  }

  private static Set<String> paused(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select name from job_pause where plugin = ?")) {
      select.setString(1, plugin);
      Set<String> names = new HashSet<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          names.add(rows.getString(1));
        }
      }
      return names;
    }
  }

  /**
   * How many jobs a plugin has in a state, and since when the first of them could run.
   *
   * @param oldestDue null where none waits
   */
  public record Count(String plugin, JobState state, long jobs, @Nullable Instant oldestDue) {}

  /** The numbers of all plugins. */
  public List<Count> counts() {
    return transactions.run(connection -> {
      String state = "case when q.picked = true then 'RUNNING' else j.state end";
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select j.plugin, "
                      + state
                      + ", count(*),"
                      + " min(case when q.picked = false then q.execution_time end)"
                      + " from job j left join job_queue q"
                      + " on q.task_name = 'job' and q.task_instance = j.id"
                      + " group by j.plugin, "
                      + state);
          ResultSet rows = select.executeQuery()) {
        List<Count> counts = new ArrayList<>();
        while (rows.next()) {
          OffsetDateTime due = rows.getObject(4, OffsetDateTime.class);
          counts.add(
              new Count(
                  rows.getString(1),
                  JobState.valueOf(rows.getString(2)),
                  rows.getLong(3),
                  due == null ? null : due.toInstant()));
        }
        return counts;
      }
    });
  }

  /** Deletes jobs that ended before these times. */
  public int prune(Instant ended, Instant dead) {
    return transactions.run(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement(
              "delete from job where (state in ('SUCCEEDED', 'CANCELLED') and ended_at < ?)"
                  + " or (state = 'DEAD' and ended_at < ?)")) {
        delete.setObject(1, JobStore.atUtc(ended));
        delete.setObject(2, JobStore.atUtc(dead));
        return delete.executeUpdate();
      }
    });
  }

  private static List<JobAttempt> attempts(Connection connection, String id) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select number, outcome, version, node, began_at, ended_at, reason, backtrace"
                + " from job_attempt where job = ? order by number")) {
      select.setString(1, id);
      List<JobAttempt> attempts = new ArrayList<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          String backtrace = rows.getString(8);
          attempts.add(
              new JobAttempt(
                  rows.getInt(1),
                  rows.getString(2),
                  rows.getString(3),
                  rows.getString(4),
                  JobStore.instant(rows, 5),
                  JobStore.instant(rows, 6),
                  text(rows.getString(7)),
                  text(backtrace).lines().toList()));
        }
      }
      return attempts;
    }
  }

  private static JobInfo info(ResultSet row, List<JobAttempt> attempts) throws SQLException {
    JobState state = JobState.valueOf(row.getString(5));
    boolean running = row.getBoolean(16);
    OffsetDateTime ended = row.getObject(11, OffsetDateTime.class);
    return new JobInfo(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        running ? JobState.RUNNING : state,
        row.getInt(8),
        row.getInt(12),
        row.getString(7),
        JobStore.instant(row, 9),
        JobStore.instant(row, 10),
        Optional.ofNullable(ended).map(OffsetDateTime::toInstant),
        running ? "" : text(row.getString(15)),
        json(row.getBytes(6)),
        attempts);
  }

  private static JsonNode json(byte[] args) {
    try {
      return StrictJson.parse(args);
    } catch (InvalidJsonException e) {
      return JsonNodeFactory.instance.nullNode();
    }
  }

  private static String text(@Nullable String value) {
    return value == null ? "" : value;
  }
}
