package io.gonext.host.internal.service.db;

import io.gonext.host.ActivationException;
import io.gonext.host.StoreException;
import io.gonext.host.internal.abi.HostAnswer;
import io.gonext.host.internal.abi.HostAnswer.Refused;
import io.gonext.host.internal.abi.ImportKey;
import io.gonext.host.internal.service.Body;
import io.gonext.host.internal.service.HostService;
import io.gonext.host.internal.service.PluginScope;
import io.gonext.host.internal.service.db.PluginConnections.Held;
import io.gonext.host.internal.service.db.SqlArguments.Known;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import io.gonext.host.manifest.Bundle;
import io.gonext.host.manifest.Manifest;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Tracer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The functions {@code gn_db_*}: SQL in the plugin's own schema. A call is one transaction, on a
 * connection that the plugin's own database user has opened. Reads run on the guest's thread where
 * they can be {@linkplain SqlDialect#plainAt ended}. Other calls run on threads of this service,
 * which nobody interrupts.
 *
 * <p>Invariant: a plugin has at most {@link #SHARE} connections in use, and all plugins {@link
 * #CONNECTIONS}.
 *
 * <p>Thread-safe.
 */
public final class DatabaseService implements HostService {
  /** The connections that all plugins together have in use. */
  static final int CONNECTIONS = 12;

  /** The connections that one plugin has in use. */
  static final int SHARE = 3;

  /** How long a call waits for one of them. */
  private static final long PATIENCE_NANOS = 250_000_000L;

  private static final long CLOSING_SECONDS = 2;

  /** How long migrations that were cut off may take to end. */
  private static final Duration STOPPING = Duration.ofSeconds(10);

  private static final String READ = "db.read";
  private static final String WRITE = "db.write";

  private static final Logger log = LoggerFactory.getLogger(DatabaseService.class);

  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("gonext-db-", 0).factory());
  private final PluginDatabases databases;
  private final SqlDialect dialect;
  private final PluginConnections connections;
  private final long maxBytes;
  private final Duration migrationTime;
  private final @Nullable BatchJobs batchJobs;
  private final MeterRegistry meters;
  private final Tracer tracer;
  private final LongSupplier nanoTime;
  private final Semaphore free = new Semaphore(CONNECTIONS, true);
  private final Map<String, PluginState> states = new ConcurrentHashMap<>();

  /** By plugin, as in {@link #states}. */
  private final Map<String, Gauge> sizes = new ConcurrentHashMap<>();

  /**
   * @param maxBytes the most that the tables of one plugin may take; a manifest may lower it
   * @param migrationTime how long all migrations of a version together may take
   * @param batchJobs null where a batch cannot enqueue jobs
   */
  public DatabaseService(
      PluginDatabases databases,
      long maxBytes,
      Duration migrationTime,
      @Nullable BatchJobs batchJobs,
      MeterRegistry meters,
      OpenTelemetry telemetry,
      LongSupplier nanoTime) {
    this.databases = databases;
    this.dialect = SqlDialect.of(databases);
    this.connections = new PluginConnections(databases, dialect, threads, nanoTime);
    this.maxBytes = maxBytes;
    this.migrationTime = migrationTime;
    this.batchJobs = batchJobs;
    this.meters = meters;
    this.tracer = telemetry.getTracer("io.gonext.host");
    this.nanoTime = nanoTime;
  }

  @Override
  public boolean waits() {
    return true;
  }

  @Override
  public Map<ImportKey, Body> bind(PluginScope scope) {
    PluginSql sql = sqlOf(scope);
    return Map.of(
        new ImportKey("gonext_data", "gn_db_read"),
        Body.answering(guest -> sql.one(SqlKind.READ, guest)),
        new ImportKey("gonext_data", "gn_db_write"),
        Body.answering(guest -> sql.one(SqlKind.WRITE, guest)),
        new ImportKey("gonext_data", "gn_db_batch"),
        Body.answering(sql::batch));
  }

  PluginSql sqlOf(PluginScope scope) {
    String plugin = scope.manifest().name();
    return new PluginSql(this, scope, stateOf(plugin), quotaOf(scope.manifest()));
  }

  private PluginState stateOf(String plugin) {
    return states.computeIfAbsent(
        plugin,
        _ -> {
          PluginState state = new PluginState(SHARE, nanoTime);
          sizes.put(
              plugin,
              Gauge.builder("gonext.plugin.db.bytes", state, PluginState::bytes)
                  .description("What the tables of a plugin took when it last changed them")
                  .tag("plugin", plugin)
                  .register(meters));
          return state;
        });
  }

  @Override
  public void prepare(PluginScope scope, Bundle bundle) {
    boolean writes = isGranted(scope, WRITE);
    if (writes || isGranted(scope, READ) || !bundle.migrations().isEmpty()) {
      int done = broughtInTime(bundle, writes);
      if (done > 0) {
        log.info("{}: {} migrations have run", scope.manifest().id(), done);
        scope.audit().migrated(done);
      }
    }
  }

  private static boolean isGranted(PluginScope scope, String capability) {
    return scope.manifest().requests(capability)
        && scope.permissions().allow(scope.permissions().mask(capability));
  }

  /**
   * Runs the migrations of a bundle, whatever its plugin may do; for a check.
   *
   * @throws ActivationException when one fails
   */
  public void migrate(Bundle bundle) {
    var _ = broughtInTime(bundle, true);
  }

  /**
   * Brings the schema of a plugin up to date, on another thread, because the caller's may be
   * interrupted. Stops migrations that take too long.
   *
   * @return how many migrations have run
   */
  private int broughtInTime(Bundle bundle, boolean writes) {
    LoginSource login = new LoginSource(databases, bundle.manifest().name());
    AtomicReference<String> running = new AtomicReference<>("");
    try {
      CompletableFuture<Integer> work =
          CompletableFuture.supplyAsync(() -> brought(bundle, writes, login, running), threads);
      try {
        return ended(work, migrationTime);
      } catch (TimeoutException e) {
        return stopped(bundle, work, login, running);
      }
    } catch (RejectedExecutionException e) {
      throw new StoreException("the host is closing, nothing was changed", e);
    }
  }

  /** The result of a work that takes too long: its migrations have run by now, or are stopped. */
  private int stopped(
      Bundle bundle,
      CompletableFuture<Integer> work,
      LoginSource login,
      AtomicReference<String> running) {
    RuntimeException failure;
    try {
      login.cutOff();
      return ended(work, STOPPING);
    } catch (TimeoutException | RuntimeException e) {
      failure = e instanceof RuntimeException known ? known : new StoreException("no answer", e);
    }
    String file = running.get();
    throw new ActivationException(
        "%s: its migrations were stopped%s: together they may take %d s (--migration-seconds);%s"
            .formatted(
                bundle.manifest().id(),
                file.isEmpty() ? " before the first of them" : " in migrations/" + file,
                migrationTime.toSeconds(),
                dialect.sharesConnections()
                    ? " those before it have run"
                    : " those before it and its first statements may have run"),
        failure);
  }

  /** The result of a work, however often the caller's thread is interrupted. */
  private static int ended(CompletableFuture<Integer> work, Duration limit)
      throws TimeoutException {
    try {
      return work.copy().orTimeout(limit.toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      switch (e.getCause()) {
        case RuntimeException failure -> throw failure;
        case TimeoutException late -> throw late;
        case null, default -> throw e;
      }
    }
  }

  /** Brings the schema of a plugin up to date. Returns how many migrations have run. */
  private int brought(
      Bundle bundle, boolean writes, LoginSource login, AtomicReference<String> running) {
    Manifest manifest = bundle.manifest();
    String plugin = manifest.name();
    if (!databases.prepare(plugin)) {
      connections.forget(plugin);
    }
    if (bundle.migrations().isEmpty()) {
      return 0;
    }
    try {
      Migrations migrations =
          new Migrations(dialect, login, plugin, bundle.migrations(), running::set);
      if (migrations.pending() == 0) {
        return 0;
      }
      if (!writes) {
        throw new Migrations.MigrationException(
            "its migrations take the capability %s: grant it first".formatted(WRITE), null);
      }
      int done = migrations.run();
      requireAcceptable(login, manifest);
      return done;
    } catch (Migrations.MigrationException e) {
      String what = manifest.id() + ": " + e.getMessage();
      if (PluginDatabases.isStoreLost(e)) {
        // Nothing is wrong with the plugin.
        throw new StoreException(what, e);
      }
      throw new ActivationException(what, e);
    }
  }

  /** What a call may not do, a migration may not do either. */
  private void requireAcceptable(DataSource login, Manifest manifest)
      throws Migrations.MigrationException {
    SqlDialect.Usage usage;
    try (Connection connection = login.getConnection()) {
      connection.setAutoCommit(false);
      usage = dialect.usage(connection, PluginDatabases.schemaOf(manifest.name()));
      connection.rollback();
    } catch (SQLException e) {
      throw new Migrations.MigrationException(
          "its tables could not be measured: " + dialect.message(e), e);
    }
    if (!usage.problem().isEmpty()) {
      throw new Migrations.MigrationException(usage.problem(), null);
    }
    if (usage.bytes() > quotaOf(manifest)) {
      throw new Migrations.MigrationException(
          "its tables take %d bytes after its migrations, and may take %d"
              .formatted(usage.bytes(), quotaOf(manifest)),
          null);
    }
  }

  private long quotaOf(Manifest manifest) {
    return Math.min(manifest.databaseBytes().orElse(maxBytes), maxBytes);
  }

  @Override
  public List<String> warnings(Manifest manifest) {
    OptionalLong asked = manifest.databaseBytes();
    return asked.isPresent() && asked.getAsLong() > maxBytes
        ? List.of(
            "/storage/db/max_bytes: the plugin gets %d and not %d, since the operator allows no more"
                .formatted(maxBytes, asked.getAsLong()))
        : List.of();
  }

  @Override
  public void forget(String plugin) {
    states.remove(plugin);
    removeSize(plugin);
    databases.forget(plugin);
    connections.forget(plugin);
  }

  private void removeSize(String plugin) {
    Gauge size = sizes.remove(plugin);
    if (size != null) {
      meters.remove(size);
    }
  }

  SqlDialect dialect() {
    return dialect;
  }

  Tracer tracer() {
    return tracer;
  }

  long nanoTime() {
    return nanoTime.getAsLong();
  }

  /**
   * Takes one of the plugin's connections and one of the host's, for {@link #start}.
   *
   * @return why there is none; null if there is one
   */
  @Nullable HostAnswer enter(PluginState state, long nanos) throws InterruptedException {
    long patience = Math.min(nanos, PATIENCE_NANOS);
    long deadline = nanoTime() + patience;
    if (!state.share().tryAcquire(patience, TimeUnit.NANOSECONDS)) {
      return new HostAnswer.Explained(
          Refused.RATE_LIMITED,
          "the plugin has %d calls of SQL under way, which is the most".formatted(SHARE));
    }
    boolean entered = false;
    try {
      entered = free.tryAcquire(Math.max(0, deadline - nanoTime()), TimeUnit.NANOSECONDS);
    } finally {
      if (!entered) {
        state.share().release();
      }
    }
    // Other plugins have them: this one is not to blame.
    return entered ? null : SqlFailure.unavailable();
  }

  /** Gives back what {@link #enter} took. */
  void leave(PluginState state) {
    free.release();
    state.share().release();
  }

  SqlRead reading(String plugin, SqlStatement statement, SqlArguments arguments) {
    return new SqlRead(plugin, statement, dialect, connections, arguments);
  }

  /**
   * A connection to read with, if one is idle and the statement may run on a guest's thread. Then
   * {@link #endRead} must follow.
   */
  @Nullable Held idleReader(String plugin, PluginState state, @Nullable Known known)
      throws SQLException {
    if (dialect.endsAll()) {
      return connections.takeIdle(plugin, Access.READ);
    }
    if (known == null || known.plainAt() == SqlDialect.NOT_PLAIN || !state.beginPlainRead()) {
      return null;
    }
    Held held = connections.takeIdle(plugin, Access.READ);
    boolean isPlain = false;
    try {
      isPlain = held != null && known.plainAt() == dialect.definitions(held.connection());
      return isPlain ? held : null;
    } finally {
      if (!isPlain) {
        state.endPlainRead();
        if (held != null) {
          connections.giveBackRead(held);
        }
      }
    }
  }

  /** Ends what {@link #idleReader} began. */
  void endRead(PluginState state) {
    if (!dialect.endsAll()) {
      state.endPlainRead();
    }
  }

  /** Whether reads run on the guest's thread only, whatever they are. */
  boolean readsHere() {
    return dialect.endsAll();
  }

  /**
   * Opens a connection on a thread of this service. Whoever stops waiting {@linkplain #abandon
   * abandons} it.
   */
  CompletableFuture<Held> openReader(String plugin) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return connections.open(plugin, Access.READ);
          } catch (SQLException e) {
            throw new CompletionException(e);
          }
        },
        threads);
  }

  /** Keeps a connection that was not used. */
  void giveBack(Held held) {
    connections.giveBackRead(held);
  }

  /** Keeps a connection for later once it is open, and leaves then. */
  void abandon(CompletableFuture<Held> opening, PluginState state) {
    var _ =
        opening.whenComplete((held, _) -> {
          if (held != null) {
            connections.giveBackRead(held);
          }
          leave(state);
        });
  }

  /** Starts a run, after {@link #enter}. */
  SqlRun start(SqlRun.Task task, SqlArguments arguments, PluginState state) {
    SqlRun run =
        new SqlRun(
            task,
            new SqlRun.Parts(
                dialect, connections, arguments, state, batchJobs, () -> leave(state)));
    try {
      threads.execute(run);
    } catch (RejectedExecutionException e) {
      // The host closes.
      leave(state);
      run.answer().complete(SqlFailure.unavailable());
    }
    return run;
  }

  /** Ends work that nobody waits for any more. Its connection stays in use until that is done. */
  void cutOff(SqlCut work) {
    Connection connection = work.cutOff();
    if (connection != null) {
      try {
        threads.execute(() -> databases.cutOff(connection));
      } catch (RejectedExecutionException e) {
        log.debug("a run was not cut off, since the host closes");
      }
    }
  }

  void recordCutOff(String plugin, SqlKind kind, PluginState state) {
    Counter.builder("gonext.plugin.db.cut.off")
        .description("Sessions that the host ended because the plugin's SQL did not end")
        .tag("plugin", plugin)
        .register(meters)
        .increment();
    OptionalLong before = state.cutOffs().next();
    if (before.isPresent()) {
      log.warn(
          "the SQL of {} was cut off: a {} did not end within {} ms, and may have held locks; {}"
              + " before it were not logged",
          plugin,
          kind.function(),
          kind.budget().toMillis(),
          before.getAsLong());
    }
  }

  Timer timer(String plugin, SqlKind kind, SqlOutcome outcome) {
    return Timer.builder("gonext.plugin.db")
        .description("Calls of SQL by plugins, by outcome")
        .tag("plugin", plugin)
        .tag("function", kind.label())
        .tag("outcome", outcome.label())
        .register(meters);
  }

  /** Calls that have begun end normally; later ones fail. */
  @Override
  public void close() {
    threads.shutdown();
    try {
      if (!threads.awaitTermination(CLOSING_SECONDS, TimeUnit.SECONDS)) {
        log.warn("SQL of plugins was still running when the host closed");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    connections.close();
    // Another host may use the registry from now on.
    List.copyOf(sizes.keySet()).forEach(this::removeSize);
  }
}
