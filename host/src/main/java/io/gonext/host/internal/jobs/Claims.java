package io.gonext.host.internal.jobs;

import com.github.kagkarlsson.scheduler.jdbc.DefaultJdbcCustomization;
import com.github.kagkarlsson.scheduler.jdbc.JdbcTaskRepositoryContext;
import com.github.kagkarlsson.scheduler.task.Execution;
import io.gonext.host.internal.jobs.Lanes.Lane;
import io.gonext.host.internal.lifecycle.PluginSlot;
import io.gonext.host.internal.log.OncePerMinute;
import io.gonext.host.internal.service.jobs.StoreClock;
import io.gonext.host.internal.store.CronStore;
import io.gonext.host.internal.store.JobStore;
import io.gonext.host.internal.store.JobStore.Stored;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The statement by which db-scheduler claims what is due, in the place of its own: from the lanes
 * of the plugins that serve here and have a free instance, without those that an operator paused.
 * The index on lanes finds the first due row of a lane, however many rows wait.
 *
 * <p>There are two ways in. db-scheduler's polling thread claims schedules and the lanes of all
 * plugins once in a {@code poll}, and lanes that may have more jobs at once. Whoever writes results
 * claims the next jobs in the same transaction ({@link #follow}); db-scheduler gets those at its
 * next look, which then asks the store nothing.
 *
 * <p>Thread-safe.
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

  private final JobStore store;
  private final StoreClock clock;
  private final Lanes lanes;
  private final Supplier<List<PluginSlot>> serving;
  private final Function<String, Optional<PluginSlot>> active;
  private final Runnable wake;
  private final boolean postgres;
  private final long pollNanos;
  private final LongSupplier nanoTime;
  private final OncePerMinute failureLog;

  /** Claimed for db-scheduler, which has not fetched them yet. */
  private final Queue<Execution> handed = new ConcurrentLinkedQueue<>();

  /** The records of the claimed jobs, as the claim saw them, by id. */
  private final Map<String, Stored> records = new ConcurrentHashMap<>();

  /** The plugins that may have jobs, as the polling thread saw them last. */
  private volatile Set<String> polled = Set.of();

  /** Null before db-scheduler's first look. */
  private volatile @Nullable JdbcTaskRepositoryContext ctx;

  /**
   * On H2, where two transactions that claim would wait for each other's rows. PostgreSQL skips
   * rows that another transaction has locked.
   */
  private final Lock oneOnH2 = new ReentrantLock();

  /** When all lanes were looked at last. Of the polling thread. */
  private long lookedAtAll;

  /** Whether the next look is at all lanes. */
  private final AtomicBoolean lookAtAll = new AtomicBoolean();

  /**
   * @param serving the plugins that serve here and may have jobs; asked by the polling thread alone
   * @param active the plugin of a name, if it serves here
   * @param poll how often schedules, and the jobs that other hosts enqueue, are looked for
   * @param wake lets the polling thread look at once
   */
  Claims(
      JobStore store,
      StoreClock clock,
      Lanes lanes,
      Supplier<List<PluginSlot>> serving,
      Function<String, Optional<PluginSlot>> active,
      Duration poll,
      Runnable wake,
      LongSupplier nanoTime) {
    super(false);
    this.store = store;
    this.clock = clock;
    this.lanes = lanes;
    this.serving = serving;
    this.active = active;
    this.wake = wake;
    this.postgres = store.isShared();
    this.pollNanos = poll.toNanos();
    this.nanoTime = nanoTime;
    this.lookedAtAll = nanoTime.getAsLong() - pollNanos;
    this.failureLog = new OncePerMinute(nanoTime);
  }

  @Override
  public boolean supportsSingleStatementLockAndFetch() {
    return true;
  }

  @Override
  @SuppressWarnings("rawtypes") // As db-scheduler declares it.
  public List<Execution> lockAndFetchSingleStatement(
      JdbcTaskRepositoryContext context, Instant now, int limit, boolean orderByPriority) {
    ctx = context;
    List<Execution> claimed = new ArrayList<>();
    takeHanded(claimed);
    boolean all =
        lookAtAll.get()
            || nanoTime.getAsLong() - lookedAtAll >= pollNanos
            || !polled.containsAll(lanes.hot());
    if (!claimed.isEmpty() && !all) {
      // They do not wait for the store. It is asked right after they have begun.
      if (lanes.isOpen()) {
        wake.run();
      }
      return claimed;
    }
    try {
      look(all, now, limit, claimed);
    } catch (SQLException | RuntimeException e) {
      // db-scheduler would log a stack trace at each poll for as long as the store is lost.
      failureLog
          .next()
          .ifPresent(before ->
              log.warn(
                  "jobs cannot be claimed: {}; {} failures before it were not logged",
                  e.toString(),
                  before));
    }
    takeHanded(claimed);
    return claimed;
  }

  private void takeHanded(List<Execution> claimed) {
    for (Execution next = handed.poll(); next != null; next = handed.poll()) {
      claimed.add(next);
    }
  }

  @SuppressWarnings("rawtypes") // As above.
  private void look(boolean all, Instant now, int limit, List<Execution> claimed)
      throws SQLException {
    if (all) {
      lookAtAll.set(false);
      polled = serving.get().stream().map(PluginSlot::name).collect(Collectors.toSet());
      lanes.heatOnly(polled);
      lookedAtAll = nanoTime.getAsLong();
    }
    List<String> hot = lanes.hot();
    if (!all
        && hot.stream()
            .noneMatch(plugin -> active.apply(plugin).filter(lanes::hasRoom).isPresent())) {
      return;
    }
    if (!postgres) {
      oneOnH2.lock();
    }
    try (Connection connection = store.connections().getConnection()) {
      if (all) {
        claimCrons(connection, now, limit, claimed);
      }
      connection.setAutoCommit(false);
      try {
        for (String plugin : hot) {
          Optional<Lane> lane = active.apply(plugin).flatMap(slot -> lanes.take(slot, List.of()));
          if (lane.isPresent()) {
            claimed.addAll(claimJobs(connection, now, lane.get()));
          }
        }
      } finally {
        connection.setAutoCommit(true);
      }
    } finally {
      if (!postgres) {
        oneOnH2.unlock();
      }
    }
  }

  @SuppressWarnings("rawtypes") // As above.
  private void claimCrons(Connection connection, Instant now, int limit, List<Execution> claimed)
      throws SQLException {
    for (String plugin : polled) {
      if (claimed.size() < limit) {
        Round round =
            new Round(
                connection,
                now,
                JobStore.CRON,
                CronStore.lane(plugin),
                Set.of(),
                limit - claimed.size());
        claimed.addAll(round.claim().executions);
      }
    }
    // As many as there is room for: the next look, after one of them, looks for more.
    if (claimed.size() >= limit) {
      lookAtAll.set(true);
    }
  }

  @SuppressWarnings("rawtypes") // As above.
  private List<Execution> claimJobs(Connection connection, Instant now, Lane lane)
      throws SQLException {
    Claimed claimed = Claimed.NOTHING;
    boolean more = true;
    boolean committed = false;
    try {
      Claimed found =
          lane.concurrency().isEmpty()
              ? jobs(connection, now, lane.plugin(), Set.of(), lane.places())
              : oneByOne(connection, now, lane);
      connection.commit();
      committed = true;
      claimed = found;
      more = found.executions.size() == lane.places();
      remember(found);
    } finally {
      lanes.settle(lane, claimed.ids(), more);
      if (!committed) {
        connection.rollback();
      }
    }
    return claimed.executions;
  }

  /** Claims jobs of a plugin. */
  private Claimed jobs(
      Connection connection, Instant now, String plugin, Set<String> without, int most)
      throws SQLException {
    return new Round(connection, now, JobStore.JOB, JobStore.jobLane(plugin), without, most)
        .claim();
  }

  /**
   * What was claimed.
   *
   * @param jobs the records of these jobs and maybe of others, as the claim saw them
   */
  @SuppressWarnings("rawtypes") // As above.
  private record Claimed(List<Execution> executions, List<Stored> jobs) {
    static final Claimed NOTHING = new Claimed(List.of(), List.of());

    List<String> ids() {
      List<String> ids = new ArrayList<>();
      for (Execution execution : executions) {
        ids.add(execution.getId());
      }
      return ids;
    }
  }

  private void remember(Claimed claimed) {
    Set<String> ids = Set.copyOf(claimed.ids());
    for (Stored job : claimed.jobs) {
      if (ids.contains(job.id())) {
        records.put(job.id(), job);
      }
    }
  }

  /** The record of a claimed job; empty if there is none. A second call finds nothing. */
  Optional<Stored> record(String id) {
    return Optional.ofNullable(records.remove(id));
  }

  /**
   * What a transaction claims of one lane.
   *
   * @param more whether more jobs may be due
   */
  private record Part(Lane lane, Claimed claimed, boolean more) {}

  /** A claim in a transaction of the caller's. */
  final class Follow {
    private final Collection<String> ending;

    private final List<Part> parts = new ArrayList<>();

    private Follow(Collection<String> ending) {
      this.ending = ending;
    }

    /** Claims the next jobs of lanes that may have more. */
    boolean claim(Connection transaction) throws SQLException {
      if (ctx == null) {
        return false;
      }
      for (String plugin : lanes.hot()) {
        // The lock of a limited lane must not be taken while rows are locked.
        Optional<Lane> lane =
            polled.contains(plugin)
                ? active
                    .apply(plugin)
                    .filter(slot -> Lanes.concurrency(slot.manifest()).isEmpty())
                    .flatMap(slot -> lanes.take(slot, ending))
                : Optional.empty();
        if (lane.isPresent()) {
          parts.add(new Part(lane.get(), Claimed.NOTHING, true));
          Claimed found = jobs(transaction, clock.now(), plugin, Set.of(), lane.get().places());
          int number = found.executions.size();
          parts.removeLast();
          parts.add(new Part(lanes.keep(lane.get(), number), found, number == lane.get().places()));
        }
      }
      return true;
    }

    /** The transaction is committed: the jobs are db-scheduler's. */
    void committed() {
      ended(ending);
      for (Part part : parts) {
        remember(part.claimed);
        lanes.settle(part.lane, part.claimed.ids(), part.more);
        handed.addAll(part.claimed.executions);
      }
      if (!handed.isEmpty() || lanes.isOpen()) {
        wake.run();
      }
    }

    /** The transaction is rolled back. */
    void failed() {
      parts.forEach(part -> lanes.settle(part.lane, List.of(), true));
    }
  }

  /**
   * Begins a claim together with results.
   *
   * @param ending the ids of jobs that end in the same transaction
   */
  Follow follow(Collection<String> ending) {
    return new Follow(ending);
  }

  /** Jobs that this host has claimed are no longer its own. */
  void ended(Collection<String> ids) {
    for (String plugin : lanes.ended(ids)) {
      // Of a limited lane, the last claim may have left jobs for which there was room.
      active
          .apply(plugin)
          .filter(slot -> !Lanes.concurrency(slot.manifest()).isEmpty())
          .ifPresent(_ -> lanes.heat(plugin));
    }
  }

  /** Looks at all lanes at once. */
  void lookAtAll() {
    lookAtAll.set(true);
    wake.run();
  }

  /** What a transaction that claims must hold on H2; null elsewhere. */
  @Nullable Lock lockOnH2() {
    return postgres ? null : oneOnH2;
  }

  /** What was claimed for db-scheduler, which stopped before it fetched it. */
  List<Execution> left() {
    List<Execution> left = new ArrayList<>();
    takeHanded(left);
    return left;
  }

  /** A claim of rows of one lane. */
  private final class Round {
    private final Connection connection;
    private final Instant now;
    private final String task;
    private final String lane;
    private final Set<String> without;
    private final int most;

    /**
     * @param task of the lane's rows
     * @param without jobs of these names
     */
    Round(
        Connection connection,
        Instant now,
        String task,
        String lane,
        Set<String> without,
        int most) {
      this.connection = connection;
      this.now = now;
      this.task = task;
      this.lane = lane;
      this.without = without;
      this.most = most;
    }

    Claimed claim() throws SQLException {
      Claimed claimed = postgres ? inOneStatement() : inTwoStatements();
      claimed.executions.sort(
          Comparator.<Execution>comparingInt(e -> -e.taskInstance.getPriority())
              .thenComparing(Execution::getExecutionTime));
      return claimed;
    }

    private String due() {
      return DUE
          + (without.isEmpty() ? "" : " and job_name not in (" + marks(without.size()) + ")")
          + (postgres ? ORDER : ORDER_ON_H2);
    }

    /**
     * On PostgreSQL, where other hosts claim at the same time. The jobs are read in the same round
     * trip, by a statement of its own, which sees them as they are once their rows are locked.
     */
    private Claimed inOneStatement() throws SQLException {
      boolean jobs = task.equals(JobStore.JOB);
      String claim = statement(due());
      try (PreparedStatement statement =
          connection.prepareStatement(jobs ? claim + "; " + JobStore.READ_CLAIMED : claim)) {
        int index = setDue(statement);
        statement.setInt(index++, most);
        statement.setString(index++, node());
        setInstant(statement, index++, now);
        if (jobs) {
          statement.setString(index++, lane);
          statement.setString(index, node());
        }
        statement.execute();
        List<Execution> executions = executions(statement.getResultSet());
        List<Stored> found = List.of();
        if (jobs && statement.getMoreResults()) {
          try (ResultSet rows = statement.getResultSet()) {
            found = JobStore.read(rows);
          }
        }
        return new Claimed(executions, found);
      }
    }

    /**
     * On H2, where no other host claims. H2 compares each row of the table with the rows that a
     * subquery of an update returns, so one statement would take as long as many jobs wait.
     */
    private Claimed inTwoStatements() throws SQLException {
      List<String> instances = new ArrayList<>();
      try (PreparedStatement select =
          connection.prepareStatement(due() + " fetch first " + most + " rows only")) {
        setDue(select);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            instances.add(rows.getString(2));
          }
        }
      }
      if (instances.isEmpty()) {
        return new Claimed(new ArrayList<>(), List.of());
      }
      try (PreparedStatement update =
          connection.prepareStatement(
              "select * from final table (update job_queue "
                  + PICK
                  + "version + 1 where task_name = ? and task_instance in ("
                  + marks(instances.size())
                  + ") and picked = false)")) {
        int index = 1;
        update.setString(index++, node());
        setInstant(update, index++, now);
        update.setString(index++, task);
        for (String instance : instances) {
          update.setString(index++, instance);
        }
        return new Claimed(
            executions(update.executeQuery()),
            task.equals(JobStore.JOB) ? store.read(connection, instances) : List.of());
      }
    }

    /** The parameters of {@link #due}; returns the next index. */
    private int setDue(PreparedStatement statement) throws SQLException {
      int index = 1;
      statement.setString(index++, lane);
      setInstant(statement, index++, now);
      for (String name : without) {
        statement.setString(index++, name);
      }
      return index;
    }
  }

  /** The claim on PostgreSQL, with the parameters of what is due, a limit, the node and now. */
  static String statement(String due) {
    return "with due as materialized ("
        + due
        + " limit ? for update skip locked) update job_queue t "
        + PICK
        + "t.version + 1 from due where t.task_name = due.task_name"
        + " and t.task_instance = due.task_instance returning t.*";
  }

  private List<Execution> executions(ResultSet answer) throws SQLException {
    try (ResultSet rows = answer) {
      return context().resultSetMapper.get().map(rows);
    }
  }

  private String node() {
    return context().schedulerName.getName();
  }

  private JdbcTaskRepositoryContext context() {
    JdbcTaskRepositoryContext known = ctx;
    if (known == null) {
      throw new IllegalStateException("db-scheduler has not polled yet");
    }
    return known;
  }

  private static String marks(int number) {
    return "?, ".repeat(number - 1) + "?";
  }

  /**
   * Claims rows of a lane in which some jobs may run only so often at once. All hosts do this one
   * after the other for a plugin, so that the count of what runs is exact.
   */
  private Claimed oneByOne(Connection connection, Instant now, Lane lane) throws SQLException {
    if (postgres) {
      try (PreparedStatement lock =
          connection.prepareStatement("select pg_advisory_xact_lock(?)")) {
        lock.setLong(1, 0x676f6e6578740000L ^ lane.plugin().hashCode());
        lock.executeQuery().close();
      }
    }
    Map<String, Integer> running = running(connection, lane.plugin());
    Claimed claimed = new Claimed(new ArrayList<>(), new ArrayList<>());
    while (claimed.executions.size() < lane.places()) {
      Set<String> full = new HashSet<>();
      lane.concurrency()
          .forEach((name, limit) -> {
            if (running.getOrDefault(name, 0) >= limit) {
              full.add(name);
            }
          });
      Claimed next = jobs(connection, now, lane.plugin(), full, 1);
      if (next.executions.isEmpty()) {
        return claimed;
      }
      claimed.executions.addAll(next.executions);
      claimed.jobs.addAll(next.jobs);
      running.merge(jobName(connection, next.executions.getFirst()), 1, Integer::sum);
    }
    return claimed;
  }

  /** How many jobs of a plugin run on all hosts, by name. */
  private static Map<String, Integer> running(Connection connection, String plugin)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select job_name, count(*) from job_queue where lane = ? and picked = true"
                + " group by job_name")) {
      select.setString(1, JobStore.jobLane(plugin));
      Map<String, Integer> running = new HashMap<>();
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          running.put(rows.getString(1), rows.getInt(2));
        }
      }
      return running;
    }
  }

  private static String jobName(Connection connection, Execution claimed) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select job_name from job_queue where task_name = ? and task_instance = ?")) {
      select.setString(1, claimed.getTaskName());
      select.setString(2, claimed.getId());
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getString(1);
      }
    }
  }
}
