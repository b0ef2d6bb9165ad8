package io.gonext.host.internal.jobs;

import com.github.kagkarlsson.scheduler.jdbc.DefaultJdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.JdbcTaskRepositoryContext;
import com.github.kagkarlsson.scheduler.task.Execution;
import com.github.kagkarlsson.shaded.jdbc.JdbcRunner;
import com.github.kagkarlsson.shaded.jdbc.RowMapper;
import io.gonext.host.internal.jobs.Lanes.Lane;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.log.OncePerMinute;
import io.gonext.host.internal.store.JobStore;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The statement by which db-scheduler claims what is due, in the place of its own: from the lanes
 * of the plugins that serve here and have a free instance, without those that an operator paused.
 * The index on lanes finds the first due row of a lane, however many rows wait.
 *
 * <p>For one thread.
 */
final class Claims extends DefaultJdbcCustomization {
  private static final Logger log = LoggerFactory.getLogger(Claims.class);

  private static final String PICK =
      "set picked = true, picked_by = ?, last_heartbeat = ?, version = ";

  /** Rows of one lane that are due; the caller adds what else must hold. */
  static final String DUE =
      "select task_name, task_instance from job_queue q"
          + " where lane = ? and picked = false and execution_time <= ?"
          + " and not exists (select 1 from job_pause p where p.plugin = q.lane"
          + " and (p.name = '' or p.name = q.job_name))";

  static final String ORDER = " order by priority desc, execution_time";

  /** The same rows: H2 reads an index in its order only if all of its columns are named. */
  static final String ORDER_ON_H2 = " order by lane, picked, priority desc, execution_time";

  private final Lanes lanes;
  private final boolean postgres;
  private final long cronNanos;
  private final LongSupplier nanoTime;
  private final OncePerMinute failureLog;

  /** When schedules were claimed last. */
  private long cronsClaimed;

  /**
   * @param poll how often schedules are claimed. Jobs are claimed at once after one ends, and
   *     nothing that ends makes a schedule due
   */
  Claims(Lanes lanes, boolean postgres, Duration poll, LongSupplier nanoTime) {
    super(false);
    this.lanes = lanes;
    this.postgres = postgres;
    this.cronNanos = poll.toNanos();
    this.nanoTime = nanoTime;
    this.cronsClaimed = nanoTime.getAsLong() - cronNanos;
    this.failureLog = new OncePerMinute(nanoTime);
  }

  @Override
  public boolean supportsSingleStatementLockAndFetch() {
    return true;
  }

  @Override
  @SuppressWarnings("rawtypes") // As db-scheduler declares it.
  public List<Execution> lockAndFetchSingleStatement(
      JdbcTaskRepositoryContext ctx, Instant now, int limit, boolean orderByPriority) {
    List<Execution> claimed = new ArrayList<>();
    try {
      claim(new Claim(ctx, now), limit, claimed);
    } catch (RuntimeException e) {
      // db-scheduler would log a stack trace at each poll for as long as the store is lost.
      failureLog
          .next()
          .ifPresent(before ->
              log.warn(
                  "jobs cannot be claimed: {}; {} failures before it were not logged",
                  e.toString(),
                  before));
    }
    return claimed;
  }

  @SuppressWarnings("rawtypes") // As above.
  private void claim(Claim claim, int limit, List<Execution> claimed) {
    List<PluginSlot> serving = lanes.serving();
    long looked = nanoTime.getAsLong();
    if (looked - cronsClaimed >= cronNanos) {
      claimCrons(claim, serving, limit, claimed);
      cronsClaimed = looked;
    }
    for (Lane lane : lanes.open()) {
      int most = Math.min(Math.min(lane.free(), lanes.free()), limit - claimed.size());
      if (most > 0) {
        List<Execution> jobs =
            lane.concurrency().isEmpty()
                ? claim.of(
                    claim.ctx.jdbcRunner,
                    JobStore.JOB,
                    JobStore.jobLane(lane.plugin()),
                    Set.of(),
                    most)
                : claim.ctx.jdbcRunner.inTransaction(runner -> claim.oneByOne(runner, lane, most));
        jobs.forEach(job -> lanes.claimed(lane.plugin(), job.getId()));
        claimed.addAll(jobs);
      }
    }
  }

  @SuppressWarnings("rawtypes") // As above.
  private void claimCrons(
      Claim claim, List<PluginSlot> serving, int limit, List<Execution> claimed) {
    for (PluginSlot slot : serving) {
      if (claimed.size() < limit) {
        claimed.addAll(
            claim.of(
                claim.ctx.jdbcRunner,
                JobStore.CRON,
                JobStore.cronLane(slot.name()),
                Set.of(),
                limit - claimed.size()));
      }
    }
  }

  /** One round of claims. */
  private final class Claim {
    private final JdbcTaskRepositoryContext ctx;
    private final Instant now;

    Claim(JdbcTaskRepositoryContext ctx, Instant now) {
      this.ctx = ctx;
      this.now = now;
    }

    /**
     * Claims rows of a lane.
     *
     * @param task of the lane's rows
     * @param without jobs of these names
     */
    List<Execution> of(JdbcRunner runner, String task, String lane, Set<String> without, int most) {
      String due =
          DUE
              + (without.isEmpty() ? "" : " and job_name not in (" + marks(without.size()) + ")")
              + (postgres ? ORDER : ORDER_ON_H2);
      List<Execution> claimed =
          postgres
              ? inOneStatement(runner, due, lane, without, most)
              : inTwoStatements(runner, due, task, lane, without, most);
      claimed.sort(
          Comparator.<Execution>comparingInt(e -> -e.taskInstance.getPriority())
              .thenComparing(Execution::getExecutionTime));
      return claimed;
    }

    /** Other hosts claim at the same time. */
    private List<Execution> inOneStatement(
        JdbcRunner runner, String due, String lane, Set<String> without, int most) {
      return runner.query(
          "with due as materialized ("
              + due
              + " limit "
              + most
              + " for update skip locked) update job_queue t "
              + PICK
              + "t.version + 1 from due where t.task_name = due.task_name"
              + " and t.task_instance = due.task_instance returning t.*",
          statement -> {
            int index = setDue(statement, lane, without);
            statement.setString(index++, ctx.schedulerName.getName());
            setInstant(statement, index, now);
          },
          ctx.resultSetMapper.get());
    }

    /**
     * On H2, where no other host claims. H2 compares each row of the table with the rows that a
     * subquery of an update returns, so one statement would take as long as many jobs wait.
     */
    private List<Execution> inTwoStatements(
        JdbcRunner runner, String due, String task, String lane, Set<String> without, int most) {
      List<String> instances =
          runner.query(
              due + " fetch first " + most + " rows only",
              statement -> setDue(statement, lane, without),
              (RowMapper<String>) row -> row.getString(2));
      if (instances.isEmpty()) {
        return new ArrayList<>();
      }
      return runner.query(
          "select * from final table (update job_queue "
              + PICK
              + "version + 1 where task_name = ? and task_instance in ("
              + marks(instances.size())
              + ") and picked = false)",
          statement -> {
            int index = 1;
            statement.setString(index++, ctx.schedulerName.getName());
            setInstant(statement, index++, now);
            statement.setString(index++, task);
            for (String instance : instances) {
              statement.setString(index++, instance);
            }
          },
          ctx.resultSetMapper.get());
    }

    /** The parameters of {@link #DUE}, and the names that are left out; returns the next index. */
    private int setDue(PreparedStatement statement, String lane, Set<String> without)
        throws SQLException {
      int index = 1;
      statement.setString(index++, lane);
      setInstant(statement, index++, now);
      for (String name : without) {
        statement.setString(index++, name);
      }
      return index;
    }

    private static String marks(int number) {
      return "?, ".repeat(number - 1) + "?";
    }

    /**
     * Claims rows of a lane in which some jobs may run only so often at once. All hosts do this one
     * after the other for a plugin, so that the count of what runs is exact.
     */
    List<Execution> oneByOne(JdbcRunner runner, Lane lane, int most) {
      if (postgres) {
        runner.query(
            "select pg_advisory_xact_lock(?)",
            statement -> statement.setLong(1, 0x676f6e6578740000L ^ lane.plugin().hashCode()),
            (RowMapper<Boolean>) rows -> true);
      }
      Map<String, Integer> running = new HashMap<>();
      runner.query(
          "select job_name, count(*) from job_queue where lane = ? and picked = true"
              + " group by job_name",
          statement -> statement.setString(1, JobStore.jobLane(lane.plugin())),
          (RowMapper<Boolean>)
              rows -> {
                running.put(rows.getString(1), rows.getInt(2));
                return true;
              });
      List<Execution> claimed = new ArrayList<>();
      while (claimed.size() < most) {
        Set<String> full = new HashSet<>();
        lane.concurrency()
            .forEach((name, limit) -> {
              if (running.getOrDefault(name, 0) >= limit) {
                full.add(name);
              }
            });
        List<Execution> next = of(runner, JobStore.JOB, JobStore.jobLane(lane.plugin()), full, 1);
        if (next.isEmpty()) {
          return claimed;
        }
        claimed.addAll(next);
        jobName(runner, next.getFirst(), running);
      }
      return claimed;
    }

    private void jobName(JdbcRunner runner, Execution claimed, Map<String, Integer> running) {
      runner.query(
          "select job_name from job_queue where task_name = ? and task_instance = ?",
          statement -> {
            statement.setString(1, claimed.getTaskName());
            statement.setString(2, claimed.getId());
          },
          (RowMapper<Integer>) rows -> running.merge(rows.getString(1), 1, Integer::sum));
    }
  }
}
