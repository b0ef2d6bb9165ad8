package io.gonext.host.internal.store;

import io.gonext.host.JobAttempt;
import io.gonext.host.JobState;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The jobs of plugins, as they are enqueued, claimed and ended. {@code job} is the record of each;
 * {@code job_queue} has a row for each job that waits or runs, which db-scheduler claims, and whose
 * version is the fence: whoever claimed a row with one version changes nothing once the row has
 * another.
 *
 * <p>Thread-safe, also between processes on one database. Methods throw {@link
 * io.gonext.host.StoreException} when the database fails.
 */
public final class JobStore {
  /** The table that db-scheduler works on. */
  public static final String QUEUE = "job_queue";

  /** The tasks of db-scheduler: a job, and a schedule whose time has come. */
  public static final String JOB = "job";

  public static final String CRON = "cron";

  /** The most characters of an idempotency key. */
  public static final int MAX_KEY_LENGTH = 256;

  /** The most characters of a job's name. */
  public static final int MAX_NAME_LENGTH = 320;

  private static final int MAX_REASON_LENGTH = 1_000;
  private static final int MAX_BACKTRACE_LENGTH = 8_000;

  private static final String SELECT_STORED =
      "select id, plugin, name, kind, args, idempotency_key, enqueued_at, due_at, attempts,"
          + " failures, trace from job";

  /** The fence: both change a row only as it was claimed. */
  private static final String CLAIMED =
      " where task_name = ? and task_instance = ? and version = ?";

  private static final String REMOVE = "delete from job_queue" + CLAIMED;

  private static final String RELEASE =
      "update job_queue set picked = false, picked_by = null, last_heartbeat = null,"
          + " execution_time = ?, version = version + 1"
          + CLAIMED;

  /** How many jobs of a plugin wait or run: it reads as many entries of the index as its limit. */
  static final String WAITING =
      "select count(*) from (select 1 from job_queue where lane = ?"
          + " fetch first ? rows only) as waiting";

  private static final String CHANGE =
      "update job set state = ?, attempts = ?, failures = failures + ?, reason = ?,"
          + " ended_at = cast(? as timestamp with time zone),"
          + " due_at = coalesce(cast(? as timestamp with time zone), due_at) where id = ";

  private static final String ATTEMPT_COLUMNS =
      " (job, number, outcome, version, node, began_at, ended_at, reason, backtrace)";

  private final Transactions transactions;
  private final SqlDatabase database;

  JobStore(Transactions transactions, SqlDatabase database) {
    this.transactions = transactions;
    this.database = database;
  }

  /** What a job does. */
  public enum Kind {
    /** It calls the plugin's {@code gn_handle_job}. */
    GUEST,
    /** It runs the handlers of an action, whose name is the job's. */
    ACTION
  }

  /**
   * A job to be enqueued.
   *
   * @param id empty for one that the store makes
   * @param args a JSON object; an array for {@link Kind#ACTION}
   * @param idempotencyKey empty for one of its own
   * @param unique whether the job that waits with equal arguments, if there is one, will do
   * @param trace a W3C traceparent; null for none
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
  public record NewJob(
      String id,
      String name,
      Kind kind,
      byte[] args,
      String idempotencyKey,
      int priority,
      Instant due,
      boolean unique,
      @Nullable String trace) {}

  /**
   * What an enqueue came to.
   *
   * @param created false if there was such a job already
   */
  public record Enqueued(String id, boolean created) {}

  /** A plugin has as many jobs as it may have. */
  public static final class QueueFullException extends Exception {
    private static final long serialVersionUID = 1L;

    QueueFullException(String plugin, int most) {
      super(
          plugin + " has " + most + " jobs that wait or run, and it may not have more",
          null,
          false,
          false);
    }
  }

  /** A row of the queue as one node claimed it. */
  public record Claim(String task, String instance, long version) {}

  /** A job as it is run. */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
  public record Stored(
      String id,
      String plugin,
      String name,
      Kind kind,
      byte[] args,
      String idempotencyKey,
      Instant enqueuedAt,
      Instant dueAt,
      int attempts,
      int failures,
      @Nullable String trace) {}

  /** What follows an attempt. */
  public sealed interface Ending {
    record Succeeded() implements Ending {}

    record Dead(String reason) implements Ending {}

    /**
     * Another attempt.
     *
     * @param counts whether this one counts towards the most attempts
     */
    record Again(Instant due, boolean counts, String reason) implements Ending {}
  }

  /** An attempt that ended, and what follows it. */
  public record Result(Claim claim, JobAttempt attempt, Ending ending) {
    /** When the job runs again; null if it does not. */
    @Nullable Instant due() {
      return ending instanceof Ending.Again again ? again.due : null;
    }

    private JobState state() {
      return switch (ending) {
        case Ending.Succeeded() -> JobState.SUCCEEDED;
        case Ending.Dead _ -> JobState.DEAD;
        case Ending.Again _ -> JobState.FAILED;
      };
    }

    private boolean isFailure() {
      return switch (ending) {
        case Ending.Succeeded() -> false;
        case Ending.Dead _ -> true;
        case Ending.Again again -> again.counts;
      };
    }

    private @Nullable String reason() {
      return switch (ending) {
        case Ending.Succeeded() -> null;
        case Ending.Dead(String reason) -> cut(reason, MAX_REASON_LENGTH);
        case Ending.Again again -> cut(again.reason, MAX_REASON_LENGTH);
      };
    }
  }

  /** What operators see of jobs and do to them, in the same database. */
  public JobRecords records() {
    return new JobRecords(transactions);
  }

  /** The schedules of plugins, in the same database. */
  public CronStore crons() {
    return new CronStore(transactions, this);
  }

  /** The connections of the store, for db-scheduler. Its threads must not be interrupted. */
  public DataSource connections() {
    return transactions.connections();
  }

  /** Whether other hosts may run jobs as well. */
  public boolean isShared() {
    return database.isShared();
  }

  /** The lane of a plugin's jobs. */
  public static String jobLane(String plugin) {
    return plugin;
  }

  /** The database's clock. */
  public Instant now() {
    return transactions.run(connection -> {
      try (PreparedStatement select =
              connection.prepareStatement(
                  database.isShared() ? "select clock_timestamp()" : "select current_timestamp");
          ResultSet row = select.executeQuery()) {
        row.next();
        return instant(row, 1);
      }
    });
  }

  /**
   * Enqueues jobs in a transaction of their own.
   *
   * @param most how many jobs of the plugin may wait or run
   * @throws QueueFullException when one would be too many; none is enqueued then
   */
  public List<Enqueued> enqueue(String plugin, List<NewJob> jobs, int most, Instant now)
      throws QueueFullException {
    record Outcome(List<Enqueued> jobs, @Nullable QueueFullException full) {}
    Outcome outcome =
        transactions.run(connection -> {
          try {
            return new Outcome(enqueue(connection, plugin, jobs, most, now), null);
          } catch (QueueFullException e) {
            connection.rollback();
            return new Outcome(List.of(), e);
          }
        });
    if (outcome.full != null) {
      throw outcome.full;
    }
    return outcome.jobs;
  }

  /**
   * Enqueues jobs in a transaction of the caller's, which has the rights of the store's user. They
   * exist once it commits.
   *
   * @throws QueueFullException when one would be too many; the caller rolls back
   */
  public List<Enqueued> enqueue(
      Connection transaction, String plugin, List<NewJob> jobs, int most, Instant now)
      throws SQLException, QueueFullException {
    // One after the other for a plugin: so bounds, keys and unique jobs are exact.
    try (PreparedStatement lock =
        transaction.prepareStatement("select name from plugin where name = ? for update")) {
      lock.setString(1, plugin);
      lock.executeQuery().close();
    }
    List<Enqueued> enqueued = new ArrayList<>();
    for (NewJob job : jobs) {
      Optional<String> known = known(transaction, plugin, job);
      if (known.isPresent()) {
        enqueued.add(new Enqueued(known.get(), false));
        continue;
      }
      if (isFull(transaction, plugin, most)) {
        throw new QueueFullException(plugin, most);
      }
      String id = job.id.isEmpty() ? UUID.randomUUID().toString() : job.id;
      insert(transaction, plugin, id, job, now);
      enqueued.add(new Enqueued(id, true));
    }
    return enqueued;
  }

  private static Optional<String> known(Connection transaction, String plugin, NewJob job)
      throws SQLException {
    if (!job.idempotencyKey.isEmpty()) {
      try (PreparedStatement select =
          transaction.prepareStatement(
              "select id from job where plugin = ? and name = ? and idempotency_key = ?")) {
        select.setString(1, plugin);
        select.setString(2, job.name);
        select.setString(3, job.idempotencyKey);
        try (ResultSet row = select.executeQuery()) {
          if (row.next()) {
            return Optional.of(row.getString(1));
          }
        }
      }
    }
    if (!job.unique) {
      return Optional.empty();
    }
    try (PreparedStatement select =
        transaction.prepareStatement(
            "select j.id from job j join job_queue q on q.task_name = 'job'"
                + " and q.task_instance = j.id where j.plugin = ? and j.name = ?"
                + " and j.state in ('WAITING', 'FAILED') and j.args = ? and q.picked = false")) {
      select.setString(1, plugin);
      select.setString(2, job.name);
      select.setBytes(3, job.args);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
      }
    }
  }

  private static boolean isFull(Connection transaction, String plugin, int most)
      throws SQLException {
    try (PreparedStatement select = transaction.prepareStatement(WAITING)) {
      select.setString(1, jobLane(plugin));
      select.setInt(2, most);
      try (ResultSet row = select.executeQuery()) {
        row.next();
        return row.getInt(1) >= most;
      }
    }
  }

  private static void insert(
      Connection transaction, String plugin, String id, NewJob job, Instant now)
      throws SQLException {
    try (PreparedStatement insert =
        transaction.prepareStatement(
            "insert into job (id, plugin, name, kind, state, args, idempotency_key, priority,"
                + " enqueued_at, due_at, trace) values (?, ?, ?, ?, 'WAITING', ?, ?, ?, ?, ?,"
                + " ?)")) {
      insert.setString(1, id);
      insert.setString(2, plugin);
      insert.setString(3, job.name);
      insert.setString(4, job.kind.name());
      insert.setBytes(5, job.args);
      insert.setString(6, job.idempotencyKey.isEmpty() ? id : job.idempotencyKey);
      insert.setInt(7, job.priority);
      insert.setObject(8, atUtc(now));
      insert.setObject(9, atUtc(job.due));
      insert.setString(10, job.trace);
      insert.executeUpdate();
    }
    queue(transaction, JOB, id, job.due, job.priority, jobLane(plugin), job.name);
  }

  static void queue(
      Connection transaction,
      String task,
      String instance,
      Instant due,
      int priority,
      String lane,
      String jobName)
      throws SQLException {
    try (PreparedStatement insert =
        transaction.prepareStatement(
            "insert into job_queue (task_name, task_instance, execution_time, picked, version,"
                + " priority, lane, job_name) values (?, ?, ?, false, 1, ?, ?, ?)")) {
      insert.setString(1, task);
      insert.setString(2, instance);
      insert.setObject(3, atUtc(due));
      insert.setInt(4, priority);
      insert.setString(5, lane);
      insert.setString(6, jobName);
      insert.executeUpdate();
    }
  }

  /**
   * The jobs that a node has claimed in a lane, as a statement with the parameters lane and node.
   * It can share a round trip with the claim.
   */
  public static final String READ_CLAIMED =
      SELECT_STORED
          + " where id in (select task_instance from job_queue where lane = ? and picked = true"
          + " and picked_by = ?)";

  /** The jobs of these ids that exist, in a transaction of the caller's. */
  public List<Stored> read(Connection transaction, List<String> ids) throws SQLException {
    if (ids.isEmpty()) {
      return List.of();
    }
    try (PreparedStatement select =
        transaction.prepareStatement(
            SELECT_STORED + " where id in (" + "?, ".repeat(ids.size() - 1) + "?)")) {
      for (int i = 0; i < ids.size(); i++) {
        select.setString(i + 1, ids.get(i));
      }
      try (ResultSet rows = select.executeQuery()) {
        return read(rows);
      }
    }
  }

  /** The jobs of an answer to {@link #READ_CLAIMED}. */
  public static List<Stored> read(ResultSet rows) throws SQLException {
    List<Stored> jobs = new ArrayList<>();
    while (rows.next()) {
      jobs.add(stored(rows));
    }
    return jobs;
  }

  /** Work that joins a transaction of the store. */
  @FunctionalInterface
  public interface Joined {
    boolean run(Connection transaction) throws SQLException;
  }

  /**
   * Records attempts and what follows them.
   *
   * @param next runs in the same transaction, after the results
   * @return for each result, false when its claim no longer holds, because another node took the
   *     job over or it was deleted; nothing of it is changed then
   */
  public List<Boolean> end(List<Result> results, Joined next) {
    Transactions.Work<List<Boolean>> work =
        connection -> {
          List<Boolean> held = new ArrayList<>(end(connection, results));
          for (int i = 0; i < held.size(); i++) {
            if (!held.get(i)) {
              held.set(i, isRecorded(connection, results.get(i)));
            }
          }
          next.run(connection);
          return held;
        };
    return database.isShared() ? transactions.runHere(work) : transactions.run(work);
  }

  private List<Boolean> end(Connection transaction, List<Result> results) throws SQLException {
    // All hosts lock rows in the order of their ids, and those of the queue first.
    List<Result> ordered =
        results.stream().sorted(Comparator.comparing(result -> result.claim.instance)).toList();
    Set<Result> held = Collections.newSetFromMap(new IdentityHashMap<>());
    for (boolean again : new boolean[] {false, true}) {
      List<Result> some =
          ordered.stream().filter(result -> (result.due() != null) == again).toList();
      if (!some.isEmpty()) {
        held.addAll(
            database.isShared()
                ? endInOneStatement(transaction, some, again)
                : endInThree(transaction, some, again));
      }
    }
    return results.stream().map(held::contains).toList();
  }

  /** On PostgreSQL: one round trip for all results of a kind. */
  private static List<Result> endInOneStatement(
      Connection transaction, List<Result> results, boolean again) throws SQLException {
    try (PreparedStatement statement =
        transaction.prepareStatement(
            "with held as ("
                + (again ? RELEASE : REMOVE)
                + " returning task_instance), changed as ("
                + CHANGE
                + "(select task_instance from held)) insert into job_attempt"
                + ATTEMPT_COLUMNS
                + " select task_instance, ?, ?, ?, ?, ?, ?, ?, ? from held")) {
      for (Result result : results) {
        int at = setQueue(statement, result, again);
        at = setChange(statement, at, result);
        setAttempt(statement, at, result);
        statement.addBatch();
      }
      return held(results, statement);
    }
  }

  /** On H2, whose statements change one table. */
  private static List<Result> endInThree(
      Connection transaction, List<Result> results, boolean again) throws SQLException {
    List<Result> held;
    try (PreparedStatement statement = transaction.prepareStatement(again ? RELEASE : REMOVE)) {
      for (Result result : results) {
        setQueue(statement, result, again);
        statement.addBatch();
      }
      held = held(results, statement);
    }
    if (held.isEmpty()) {
      return held;
    }
    try (PreparedStatement update = transaction.prepareStatement(CHANGE + "?");
        PreparedStatement insert =
            transaction.prepareStatement(
                "insert into job_attempt"
                    + ATTEMPT_COLUMNS
                    + " values (?, ?, ?, ?, ?, ?, ?, ?, ?)")) {
      for (Result result : held) {
        update.setString(setChange(update, 1, result), result.claim.instance);
        update.addBatch();
        insert.setString(1, result.claim.instance);
        setAttempt(insert, 2, result);
        insert.addBatch();
      }
      update.executeBatch();
      insert.executeBatch();
    }
    return held;
  }

  /** Those whose statement of the batch changed a row. */
  private static List<Result> held(List<Result> results, PreparedStatement batch)
      throws SQLException {
    int[] rows = batch.executeBatch();
    List<Result> held = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      if (rows[i] == 1) {
        held.add(results.get(i));
      }
    }
    return held;
  }

  private static int setQueue(PreparedStatement statement, Result result, boolean again)
      throws SQLException {
    int at = 1;
    if (again) {
      statement.setObject(at++, atUtc(Objects.requireNonNull(result.due())));
    }
    set(statement, at, result.claim);
    return at + 3;
  }

  private static int setChange(PreparedStatement statement, int from, Result result)
      throws SQLException {
    int at = from;
    JobAttempt attempt = result.attempt;
    JobState state = result.state();
    Instant due = result.due();
    statement.setString(at++, state.name());
    statement.setInt(at++, attempt.number());
    statement.setInt(at++, result.isFailure() ? 1 : 0);
    statement.setString(at++, result.reason());
    statement.setObject(at++, state.isEnded() ? atUtc(attempt.endedAt()) : null);
    statement.setObject(at++, due == null ? null : atUtc(due));
    return at;
  }

  private static void setAttempt(PreparedStatement statement, int from, Result result)
      throws SQLException {
    int at = from;
    JobAttempt attempt = result.attempt;
    statement.setInt(at++, attempt.number());
    statement.setString(at++, attempt.outcome());
    statement.setString(at++, attempt.version());
    statement.setString(at++, attempt.node());
    statement.setObject(at++, atUtc(attempt.beganAt()));
    statement.setObject(at++, atUtc(attempt.endedAt()));
    statement.setString(at++, cut(attempt.reason(), MAX_REASON_LENGTH));
    statement.setString(at, cut(String.join("\n", attempt.backtrace()), MAX_BACKTRACE_LENGTH));
  }

  /** Whether an earlier transaction, which seemed to fail, has recorded a result. */
  private static boolean isRecorded(Connection transaction, Result result) throws SQLException {
    try (PreparedStatement select =
        transaction.prepareStatement(
            "select 1 from job_attempt where job = ? and number = ? and node = ?"
                + " and outcome = ?")) {
      select.setString(1, result.claim.instance);
      select.setInt(2, result.attempt.number());
      select.setString(3, result.attempt.node());
      select.setString(4, result.attempt.outcome());
      try (ResultSet row = select.executeQuery()) {
        return row.next();
      }
    }
  }

  /**
   * Gives a claimed row back as if it had never been claimed.
   *
   * @return false when the claim no longer holds
   */
  public boolean putBack(Claim claim, Instant due) {
    return transactions.run(connection -> release(connection, claim, due));
  }

  static boolean release(Connection transaction, Claim claim, Instant due) throws SQLException {
    try (PreparedStatement update = transaction.prepareStatement(RELEASE)) {
      update.setObject(1, atUtc(due));
      set(update, 2, claim);
      return update.executeUpdate() == 1;
    }
  }

  static boolean remove(Connection transaction, Claim claim) throws SQLException {
    try (PreparedStatement delete = transaction.prepareStatement(REMOVE)) {
      set(delete, 1, claim);
      return delete.executeUpdate() == 1;
    }
  }

  private static void set(PreparedStatement statement, int at, Claim claim) throws SQLException {
    statement.setString(at, claim.task);
    statement.setString(at + 1, claim.instance);
    statement.setLong(at + 2, claim.version);
  }

  /**
   * Takes over what a node claimed that gives no sign of life.
   *
   * @param node the node that is lost
   * @param seenAt its last sign of life
   * @return false when the claim no longer holds
   */
  public boolean takeOver(Claim claim, String node, Instant seenAt, Instant now) {
    return transactions.run(connection -> {
      if (!claim.task.equals(JOB)) {
        return release(connection, claim, now);
      }
      int attempts;
      try (PreparedStatement select =
          connection.prepareStatement("select attempts from job where id = ?")) {
        select.setString(1, claim.instance);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            return remove(connection, claim);
          }
          attempts = row.getInt(1);
        }
      }
      String reason = "its node gave no sign of life";
      return end(
              connection,
              List.of(
                  new Result(
                      claim,
                      new JobAttempt(
                          attempts + 1, "NODE_LOST", "", node, seenAt, now, reason, List.of()),
                      new Ending.Again(now, true, reason))))
          .getFirst();
    });
  }

  /** For a store that only this host uses: what is claimed was claimed by a process that ended. */
  public void forgetClaims() {
    transactions.run(connection -> {
      try (PreparedStatement update =
          connection.prepareStatement(
              "update job_queue set last_heartbeat = ? where picked = true")) {
        update.setObject(1, atUtc(Instant.EPOCH));
        return update.executeUpdate();
      }
    });
  }

  /** Whether a plugin has jobs that wait or run, or schedules. */
  public boolean hasRows(String plugin) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select 1 from job_queue where lane in (?, ?) fetch first 1 rows only")) {
        select.setString(1, jobLane(plugin));
        select.setString(2, CronStore.lane(plugin));
        try (ResultSet row = select.executeQuery()) {
          return row.next();
        }
      }
    });
  }

  /** Deletes all that a plugin has here. */
  static void forget(Connection connection, String plugin) throws SQLException {
    // In the order in which results lock them.
    try (PreparedStatement lock =
        connection.prepareStatement(
            "select 1 from job_queue where lane = ? order by task_instance for update")) {
      lock.setString(1, jobLane(plugin));
      lock.executeQuery().close();
    }
    for (String delete :
        List.of(
            "delete from job_queue where lane in (?, ? || '/cron')",
            "delete from job where plugin = ?",
            "delete from job_pause where plugin = ?",
            "delete from job_cron where plugin = ?")) {
      try (PreparedStatement statement = connection.prepareStatement(delete)) {
        statement.setString(1, plugin);
        if (delete.contains("?, ?")) {
          statement.setString(2, plugin);
        }
        statement.executeUpdate();
      }
    }
  }

  private static Stored stored(ResultSet row) throws SQLException {
    return new Stored(
        row.getString(1),
        row.getString(2),
        row.getString(3),
        Kind.valueOf(row.getString(4)),
        row.getBytes(5),
        row.getString(6),
        instant(row, 7),
        instant(row, 8),
        row.getInt(9),
        row.getInt(10),
        row.getString(11));
  }

  private static String cut(String text, int most) {
    return text.length() > most ? text.substring(0, most) : text;
  }

  static Instant instant(ResultSet row, int column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  static OffsetDateTime atUtc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }
}
