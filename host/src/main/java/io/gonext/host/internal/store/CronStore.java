package io.gonext.host.internal.store;

import io.gonext.host.CronInfo;
import io.gonext.host.internal.store.JobStore.Claim;
import io.gonext.host.internal.store.JobStore.NewJob;
import io.gonext.host.internal.store.JobStore.QueueFullException;
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

/**
 * The schedules of plugins: those of the manifests that serve, and those that plugins have
 * registered. The next run of each is a row of {@code job_queue}.
 *
 * <p>Thread-safe, also between processes on one database. Methods throw {@link
 * io.gonext.host.StoreException} when the database fails.
 */
public final class CronStore {
  private final Transactions transactions;
  private final JobStore jobs;

  CronStore(Transactions transactions, JobStore jobs) {
    this.transactions = transactions;
    this.jobs = jobs;
  }

  /** A schedule. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
  public record StoredCron(
      String id,
      boolean registered,
      String job,
      String schedule,
      String zone,
      byte[] args,
      String catchUp) {}

  /** The lane of a plugin's schedules. */
  public static String lane(String plugin) {
    return plugin + "/cron";
  }

  /** The schedules of a plugin. */
  public List<CronInfo> list(String plugin) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select c.id, c.job, c.schedule, c.zone, c.source, q.execution_time from job_cron c"
                  + " left join job_queue q on q.task_name = 'cron' and q.task_instance = c.plugin"
                  + " || '/' || c.id where c.plugin = ? order by c.id")) {
        select.setString(1, plugin);
        List<CronInfo> crons = new ArrayList<>();
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            OffsetDateTime next = rows.getObject(6, OffsetDateTime.class);
            crons.add(
                new CronInfo(
                    plugin,
                    rows.getString(1),
                    rows.getString(2),
                    rows.getString(3),
                    rows.getString(4),
                    rows.getString(5).equals("GUEST"),
                    Optional.ofNullable(next).map(OffsetDateTime::toInstant)));
          }
        }
        return crons;
      }
    });
  }

  /** The instance under which a schedule is in the queue. */
  public static String instance(String plugin, String id) {
    return plugin + "/" + id;
  }

  /** The plugin of an instance. */
  public static String pluginOf(String instance) {
    return instance.substring(0, instance.indexOf('/'));
  }

  /** The schedule of an instance. */
  public Optional<StoredCron> find(String instance) {
    String plugin = pluginOf(instance);
    return transactions.run(
        connection -> find(connection, plugin, instance.substring(plugin.length() + 1)));
  }

  private static Optional<StoredCron> find(Connection connection, String plugin, String id)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select source, job, schedule, zone, args, catch_up from job_cron"
                + " where plugin = ? and id = ?")) {
      select.setString(1, plugin);
      select.setString(2, id);
      try (ResultSet row = select.executeQuery()) {
        return row.next()
            ? Optional.of(
                new StoredCron(
                    id,
                    row.getString(1).equals("GUEST"),
                    row.getString(2),
                    row.getString(3),
                    row.getString(4),
                    row.getBytes(5),
                    row.getString(6)))
            : Optional.empty();
      }
    }
  }

  /** A schedule and its next run. */
  public record NextCron(StoredCron cron, Instant next) {}

  /**
   * Makes these the schedules of a plugin's manifest. One whose schedule and zone stay the same
   * keeps its next run.
   */
  public void replace(String plugin, List<NextCron> crons) {
    transactions.run(connection -> {
      lockPlugin(connection, plugin);
      Set<String> ids = new HashSet<>();
      for (NextCron cron : crons) {
        ids.add(cron.cron.id);
        put(connection, plugin, cron);
      }
      Set<String> gone = new HashSet<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "select id from job_cron where plugin = ? and source = 'MANIFEST'")) {
        select.setString(1, plugin);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            gone.add(rows.getString(1));
          }
        }
      }
      gone.removeAll(ids);
      for (String id : gone) {
        delete(connection, plugin, id);
      }
      return true;
    });
  }

  /**
   * Adds a schedule that a plugin registers, or changes it.
   *
   * @return false when the plugin has {@code most} of them already
   */
  public boolean register(String plugin, NextCron cron, int most) {
    return transactions.run(connection -> {
      lockPlugin(connection, plugin);
      if (find(connection, plugin, cron.cron.id).isEmpty()
          && registered(connection, plugin) >= most) {
        return false;
      }
      put(connection, plugin, cron);
      return true;
    });
  }

  private static int registered(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select count(*) from job_cron where plugin = ? and source = 'GUEST'")) {
      select.setString(1, plugin);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1);
      }
    }
  }

  private static void lockPlugin(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement lock =
        connection.prepareStatement("select name from plugin where name = ? for update")) {
      lock.setString(1, plugin);
      lock.executeQuery().close();
    }
  }

  private static void put(Connection connection, String plugin, NextCron next) throws SQLException {
    StoredCron cron = next.cron;
    Optional<StoredCron> before = find(connection, plugin, cron.id);
    boolean sameTimes =
        before
            .filter(old -> old.schedule.equals(cron.schedule) && old.zone.equals(cron.zone))
            .isPresent();
    try (PreparedStatement put =
        connection.prepareStatement(
            before.isPresent()
                ? "update job_cron set source = ?, job = ?, schedule = ?, zone = ?, args = ?,"
                    + " catch_up = ? where plugin = ? and id = ?"
                : "insert into job_cron (source, job, schedule, zone, args, catch_up, plugin, id)"
                    + " values (?, ?, ?, ?, ?, ?, ?, ?)")) {
      put.setString(1, cron.registered ? "GUEST" : "MANIFEST");
      put.setString(2, cron.job);
      put.setString(3, cron.schedule);
      put.setString(4, cron.zone);
      put.setBytes(5, cron.args);
      put.setString(6, cron.catchUp);
      put.setString(7, plugin);
      put.setString(8, cron.id);
      put.executeUpdate();
    }
    String instance = instance(plugin, cron.id);
    if (before.isEmpty()) {
      JobStore.queue(connection, JobStore.CRON, instance, next.next, 0, lane(plugin), cron.job);
    } else if (!sameTimes) {
      try (PreparedStatement update =
          connection.prepareStatement(
              "update job_queue set execution_time = ?, picked = false, picked_by = null,"
                  + " last_heartbeat = null, version = version + 1"
                  + " where task_name = 'cron' and task_instance = ?")) {
        update.setObject(1, JobStore.atUtc(next.next));
        update.setString(2, instance);
        update.executeUpdate();
      }
    }
  }

  private static void delete(Connection connection, String plugin, String id) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from job_cron where plugin = ? and id = ?")) {
      delete.setString(1, plugin);
      delete.setString(2, id);
      delete.executeUpdate();
    }
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from job_queue where task_name = 'cron' and task_instance = ?")) {
      delete.setString(1, instance(plugin, id));
      delete.executeUpdate();
    }
  }

  /**
   * Enqueues the runs of a schedule that are due, and moves it to its next one, in one transaction.
   * A run that was enqueued before, by whatever node, is not enqueued again.
   *
   * @param jobs the runs, each with a key that names its time
   * @return false when the claim no longer holds; nothing is changed then
   */
  public boolean tick(
      Claim claim, String plugin, List<NewJob> jobs, @Nullable Instant next, int most, Instant now)
      throws QueueFullException {
    record Outcome(boolean held, @Nullable QueueFullException full) {}
    Outcome outcome =
        transactions.run(connection -> {
          boolean held =
              next == null
                  ? JobStore.remove(connection, claim)
                  : JobStore.release(connection, claim, next);
          if (!held) {
            return new Outcome(false, null);
          }
          try {
            this.jobs.enqueue(connection, plugin, jobs, most, now);
          } catch (QueueFullException e) {
            // The schedule moves on all the same: it would come back at once otherwise.
            return new Outcome(true, e);
          }
          return new Outcome(true, null);
        });
    if (outcome.full != null) {
      throw outcome.full;
    }
    return outcome.held;
  }
}
