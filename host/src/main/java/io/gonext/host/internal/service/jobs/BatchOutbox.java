package io.gonext.host.internal.service.jobs;

import io.gonext.host.HostException;
import io.gonext.host.UnknownJobException;
import io.gonext.host.internal.service.MinuteBudget;
import io.gonext.host.internal.service.jobs.JobRequest.InvalidException;
import io.gonext.host.internal.store.JobStore.QueueFullException;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.Manifest;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * The jobs that plugins enqueue in a transaction of their own SQL. A plugin's connection reaches
 * its own schema alone. So the jobs are rows of a table there, which commit or roll back with the
 * rest, and threads of this move them into the queue, on connections of the plugin again. The id of
 * the row is the id of the job, so a row that is moved twice is one job.
 *
 * <p>A plugin can write to the table by itself, or put a view or a trigger in its place. So each
 * row is checked like any other request, with the capability and the rate, and a plugin whose table
 * does not answer holds up no other plugin. Thread-safe.
 */
final class BatchOutbox implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(BatchOutbox.class);

  private static final String TABLE = "gonext_jobs";
  private static final int AT_ONCE = 100;

  /** How long after an enqueue its transaction may commit. */
  private static final Duration OPEN = Duration.ofMinutes(1);

  private static final Duration SOON = Duration.ofMillis(20);
  private static final Duration LATER = Duration.ofSeconds(1);
  private static final long CLOSING_SECONDS = 2;

  private final PluginDatabases databases;
  private final JobQueue queue;
  private final Function<String, @Nullable Manifest> enqueuing;
  private final LongSupplier nanoTime;

  /** By plugin. The rate of what is moved is that of what is enqueued. */
  private final ConcurrentMap<String, MinuteBudget> budgets = new ConcurrentHashMap<>();

  /** The plugins whose jobs are being moved. */
  private final Set<String> moving = ConcurrentHashMap.newKeySet();

  /** The plugins whose table exists. */
  private final Set<String> ready = ConcurrentHashMap.newKeySet();

  /** The plugins whose table may have rows, and since when. */
  private final Map<String, Long> waiting = new ConcurrentHashMap<>();

  /** Never interrupted: an interrupt would close the embedded database's file. */
  private final ScheduledExecutorService thread =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("gonext-batch-jobs-", 0).factory());

  /** One for each plugin whose jobs are being moved; never interrupted either. */
  private final ExecutorService movers =
      Executors.newCachedThreadPool(
          Thread.ofPlatform().daemon().name("gonext-batch-move-", 0).factory());

  /**
   * @param enqueuing the manifest of a plugin in service that may enqueue jobs; null for none
   */
  BatchOutbox(
      PluginDatabases databases,
      JobQueue queue,
      Function<String, @Nullable Manifest> enqueuing,
      LongSupplier nanoTime) {
    this.databases = databases;
    this.queue = queue;
    this.enqueuing = enqueuing;
    this.nanoTime = nanoTime;
    var _ =
        thread.scheduleWithFixedDelay(
            this::round, LATER.toMillis(), LATER.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Begins to look after what a process before this one left. */
  void serves(Manifest manifest) {
    if (!manifest.jobs().isEmpty()
        && manifest.requests("db.write")
        && manifest.requests("jobs.enqueue")) {
      expect(manifest.name());
    }
  }

  /**
   * Writes a job into the plugin's table.
   *
   * @return the id that the job has once the transaction is committed
   */
  String write(Connection transaction, String plugin, JsonNode request) throws SQLException {
    prepare(plugin);
    String id = UUID.randomUUID().toString();
    try (PreparedStatement insert =
        transaction.prepareStatement("insert into " + TABLE + " (id, request) values (?, ?)")) {
      insert.setString(1, id);
      insert.setString(2, new String(StrictJson.write(request), StandardCharsets.UTF_8));
      insert.executeUpdate();
    } catch (SQLException e) {
      // The plugin may have dropped the table.
      ready.remove(plugin);
      throw e;
    }
    expect(plugin);
    return id;
  }

  /** On a connection of its own: a statement that makes a table would commit the caller's. */
  private void prepare(String plugin) throws SQLException {
    if (ready.contains(plugin)) {
      return;
    }
    try {
      createTable(plugin);
    } catch (SQLException e) {
      // PostgreSQL fails where another thread or host creates it at the same moment.
      log.debug("the table of jobs of {} is tried again: {}", plugin, e.getMessage());
      createTable(plugin);
    }
    ready.add(plugin);
  }

  private void createTable(String plugin) throws SQLException {
    try (Connection own = databases.open(plugin, Access.MIGRATE);
        Statement statement = own.createStatement()) {
      statement.execute(
          "create table if not exists "
              + TABLE
              + " (id varchar(36) primary key, request varchar(200000) not null)");
      if (!own.getAutoCommit()) {
        own.commit();
      }
    }
  }

  private void expect(String plugin) {
    if (waiting.put(plugin, nanoTime.getAsLong()) == null) {
      soon();
    }
  }

  private void soon() {
    try {
      var _ = thread.schedule(this::round, SOON.toMillis(), TimeUnit.MILLISECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("the host is closing: jobs in tables of plugins stay there");
    }
  }

  private void moveAll() {
    waiting.forEach((plugin, since) -> {
      if (moving.add(plugin)) {
        boolean accepted = false;
        try {
          movers.execute(() -> moveOf(plugin, since));
          accepted = true;
        } catch (RejectedExecutionException e) {
          log.debug("the host is closing: jobs of {} stay in its table", plugin);
        } finally {
          if (!accepted) {
            moving.remove(plugin);
          }
        }
      }
    });
  }

  /** Does not throw: the executor would not call it again, and jobs would stay in their tables. */
  private void round() {
    try {
      moveAll();
    } catch (Throwable e) {
      // There is no memory or no thread. The next round follows.
    }
  }

  private void moveOf(String plugin, long since) {
    try {
      move(plugin);
      if (nanoTime.getAsLong() - since > OPEN.toNanos()) {
        waiting.remove(plugin, since);
      }
    } catch (SQLException | HostException e) {
      log.debug("jobs of {} stay in its table for now: {}", plugin, e.getMessage());
    } catch (QueueFullException e) {
      log.debug("jobs stay in their table for now: {}", e.getMessage());
    } finally {
      moving.remove(plugin);
    }
  }

  private void move(String plugin) throws SQLException, QueueFullException {
    Manifest manifest = enqueuing.apply(plugin);
    if (manifest == null) {
      return;
    }
    MinuteBudget budget = MinuteBudget.of(budgets, plugin, queue.policy().perMinute(), nanoTime);
    prepare(plugin);
    try (Connection own = databases.open(plugin, Access.WRITE)) {
      own.setAutoCommit(true);
      for (Map.Entry<String, String> row : rows(own).entrySet()) {
        // Again, because the row may be younger than the check above.
        if (enqueuing.apply(plugin) == null) {
          return;
        }
        if (!budget.tryTake()) {
          expect(plugin);
          return;
        }
        enqueue(row.getKey(), manifest, row.getValue());
        try (PreparedStatement delete =
            own.prepareStatement("delete from " + TABLE + " where id = ?")) {
          delete.setString(1, row.getKey());
          delete.executeUpdate();
        }
      }
    }
  }

  private static Map<String, String> rows(Connection own) throws SQLException {
    Map<String, String> found = new LinkedHashMap<>();
    try (PreparedStatement select =
        own.prepareStatement(
            "select id, request from " + TABLE + " fetch first " + AT_ONCE + " rows only")) {
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          found.put(rows.getString(1), rows.getString(2));
        }
      }
    }
    return found;
  }

  private void enqueue(String id, Manifest manifest, String request) throws QueueFullException {
    try {
      UUID known = UUID.fromString(id);
      queue.enqueue(
          known.toString(),
          manifest,
          JobRequest.parse(StrictJson.parse(request.getBytes(StandardCharsets.UTF_8))));
    } catch (InvalidException
        | InvalidJsonException
        | UnknownJobException
        | IllegalArgumentException e) {
      log.warn("{} left a job that is not acceptable: {}", manifest.id(), e.getMessage());
    }
  }

  /** Forgets a plugin that was uninstalled, with its schema. */
  void forget(String plugin) {
    ready.remove(plugin);
    waiting.remove(plugin);
    budgets.remove(plugin);
  }

  @Override
  public void close() {
    thread.shutdown();
    movers.shutdown();
    try {
      var _ = movers.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
