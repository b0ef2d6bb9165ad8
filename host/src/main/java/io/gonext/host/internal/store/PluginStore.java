package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import io.gonext.host.Database;
import io.gonext.host.PluginState;
import io.gonext.host.Provenance;
import io.gonext.host.StoreException;
import io.gonext.host.StoreTrouble;
import io.gonext.host.StoredPlugin;
import io.gonext.host.StoredVersion;
import io.gonext.host.manifest.Version;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import javax.sql.DataSource;
import org.flywaydb.core.api.FlywayException;
import org.jspecify.annotations.Nullable;

/**
 * The installed plugins, their bundles and their states. Each change is one transaction, so a crash
 * leaves the state before it or after it. A change names the revision that it read, so of two
 * changes of a plugin at once one succeeds and the other gets false.
 *
 * <p>Thread-safe, also between processes on one PostgreSQL database.
 */
public final class PluginStore implements AutoCloseable {
  private static final int MAX_CAUSE_CHARS = 1_000;
  private static final int THREADS = 4;
  private static final long IDLE_SECONDS = 10;

  /** A plugin with its current (c), previous (o) and pending (n) version. */
  private static final String SELECT =
      "select p.name, p.state, p.replaced_at, p.cause, p.revision, c.sha256 c_sha256, c.version"
          + " c_version, c.installed_at c_installed_at, c.provenance c_provenance, o.sha256"
          + " o_sha256, o.version o_version, o.installed_at o_installed_at, o.provenance"
          + " o_provenance, n.sha256 n_sha256, n.version n_version, n.installed_at n_installed_at,"
          + " n.provenance n_provenance from plugin p join plugin_version c on c.name = p.name and"
          + " c.sha256 = p.sha256 left join plugin_version o on o.name = p.name and o.sha256 ="
          + " p.previous_sha256 left join plugin_version n on n.name = p.name and n.sha256 ="
          + " p.pending_sha256";

  private final DirectoryLock lock;
  private final HikariDataSource pool;
  private final DataSource connections;
  private final HikariDataSource readerPool;
  private final DataSource readers;
  private final SqlDatabase database;
  private final ThreadPoolExecutor threads = threads();
  private final StoreHealth health = new StoreHealth(InstantSource.system());
  private final Transactions transactions;

  /**
   * @param between a wrapper around each pool
   */
  private PluginStore(
      DirectoryLock lock,
      HikariDataSource pool,
      SqlDatabase database,
      UnaryOperator<DataSource> between) {
    this.lock = lock;
    this.pool = pool;
    this.connections = between.apply(pool);
    this.database = database;
    this.readerPool = database.readers(pool);
    this.readers = between.apply(readerPool);
    this.transactions = new Transactions(connections, threads, health);
  }

  /**
   * Opens the store of a data directory, creating directory and tables where they do not exist.
   *
   * @throws StoreException when the directory cannot be used, another host holds it, or the
   *     database cannot be used
   */
  public static PluginStore open(Path directory, Database database) {
    return open(directory, database, UnaryOperator.identity());
  }

  /**
   * As {@link #open(Path, Database)}, with a wrapper around the database, which a test can make
   * fail.
   */
  static PluginStore open(Path directory, Database named, UnaryOperator<DataSource> between) {
    return open(directory, SqlDatabase.of(named), between);
  }

  static PluginStore open(Path directory, SqlDatabase database, UnaryOperator<DataSource> between) {
    DirectoryLock lock = DirectoryLock.take(directory);
    boolean opened = false;
    try {
      HikariDataSource pool = connect(directory, database);
      PluginStore store = new PluginStore(lock, pool, database, between);
      opened = true;
      return store;
    } finally {
      if (!opened) {
        lock.close();
      }
    }
  }

  /** With those of the key-value entries, as many as the store has connections. */
  private static ThreadPoolExecutor threads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("gonext-store-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  private static HikariDataSource connect(Path directory, SqlDatabase database) {
    try {
      return database.connect(directory, "gonext-store");
    } catch (HikariPool.PoolInitializationException e) {
      throw e.getCause() instanceof SQLException failure
          ? database.cannotOpen(failure, directory)
          : new StoreException("the store cannot be opened: " + e.getMessage(), e);
    } catch (FlywayException e) {
      throw new StoreException("the store cannot be brought up to date: " + oneLine(e), e);
    }
  }

  /** Flyway puts a table of its own into its messages; the root says what was wrong. */
  private static String oneLine(FlywayException failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    String first = String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    String why = String.valueOf(root.getMessage()).lines().findFirst().orElse("");
    return failure.getCause() == null ? first : first + ": " + why;
  }

  /**
   * Adds a plugin in state {@link PluginState#INSTALLED}.
   *
   * @return false when a plugin of that name is installed already; then nothing is changed
   */
  public boolean insert(String name, StoredVersion version, byte[] bundle) {
    return insert(name, version, bundle, List.of());
  }

  /**
   * As {@link #insert(String, StoredVersion, byte[])}.
   *
   * @param signatures the files of the signatures that came with the bundle
   */
  public boolean insert(
      String name, StoredVersion version, byte[] bundle, List<byte[]> signatures) {
    StoredPlugin plugin = NextRevision.installed(name, version);
    try {
      return transactions.runDurably(
          database,
          connection -> {
            if (find(connection, name).isPresent()) {
              return false;
            }
            insertVersion(connection, name, version, bundle, signatures);
            TrustRows.raiseHighest(connection, name, version);
            try (PreparedStatement insert =
                connection.prepareStatement(
                    "insert into plugin (name, sha256, state, revision) values (?, ?, ?, ?)")) {
              insert.setString(1, name);
              insert.setString(2, version.sha256());
              insert.setString(3, plugin.state().name());
              insert.setLong(4, plugin.revision());
              insert.executeUpdate();
            }
            database.announce(connection, name);
            return true;
          });
    } catch (StoreException e) {
      if (e.getCause() instanceof SQLException failure && SqlDatabase.isTaken(failure)) {
        return false;
      }
      throw e;
    }
  }

  /** All plugins, by name. */
  public List<StoredPlugin> list() {
    return transactions.run(connection -> {
      List<StoredPlugin> plugins = new ArrayList<>();
      try (PreparedStatement select = connection.prepareStatement(SELECT + " order by p.name");
          ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          plugins.add(plugin(rows));
        }
      }
      return plugins;
    });
  }

  public Optional<StoredPlugin> find(String name) {
    return transactions.run(connection -> find(connection, name));
  }

  /** The bundle of one version, byte for byte as it was installed. */
  public Optional<byte[]> bundle(String name, String sha256) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select bundle from plugin_version where name = ? and sha256 = ?")) {
        select.setString(1, name);
        select.setString(2, sha256);
        try (ResultSet rows = select.executeQuery()) {
          return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
        }
      }
    });
  }

  /**
   * Replaces a plugin's row by the next one, and deletes versions that are no longer referred to.
   *
   * @return false when the plugin was changed or deleted since it was read; then nothing is changed
   */
  public boolean change(StoredPlugin read, StoredPlugin next) {
    return transactions.runDurably(database, connection -> update(connection, read, next));
  }

  /** As {@link #change}, together with the bundle of a version that is new in {@code next}. */
  public boolean change(StoredPlugin read, StoredPlugin next, StoredVersion added, byte[] bundle) {
    return change(read, next, added, bundle, List.of());
  }

  /**
   * As {@link #change(StoredPlugin, StoredPlugin, StoredVersion, byte[])}.
   *
   * @param signatures the files of the signatures that came with the bundle
   */
  public boolean change(
      StoredPlugin read,
      StoredPlugin next,
      StoredVersion added,
      byte[] bundle,
      List<byte[]> signatures) {
    return transactions.runDurably(
        database,
        connection -> {
          // Lock first: of two hosts that add the same version, one waits for the other.
          if (!lock(connection, read)) {
            return false;
          }
          if (hasVersion(connection, read.name(), added.sha256())) {
            TrustRows.sign(connection, read.name(), added, signatures);
          } else {
            insertVersion(connection, read.name(), added, bundle, signatures);
          }
          return update(connection, read, next);
        });
  }

  /** The files of the signatures that came with one version, in their order. */
  public List<byte[]> signatures(String name, String sha256) {
    return transactions.run(connection -> TrustRows.signatures(connection, name, sha256));
  }

  /**
   * Replaces the signatures of the current version, and what was verified of it.
   *
   * @return false when the plugin was changed or deleted since it was read; then nothing is changed
   */
  public boolean sign(StoredPlugin read, Provenance provenance, List<byte[]> signatures) {
    StoredVersion current = read.current();
    StoredVersion signed =
        new StoredVersion(current.version(), current.sha256(), current.installedAt(), provenance);
    return transactions.runDurably(
        database,
        connection -> {
          if (!lock(connection, read)) {
            return false;
          }
          TrustRows.sign(connection, read.name(), signed, signatures);
          TrustRows.raiseHighest(connection, read.name(), signed);
          return update(connection, read, read);
        });
  }

  /**
   * The highest version of a plugin that was ever current, by publisher, also of a plugin that was
   * removed.
   */
  public Map<String, Version> highest(String name) {
    return transactions.run(connection -> TrustRows.highest(connection, name));
  }

  /**
   * Removes a plugin and its versions.
   *
   * @param keepData whether its key-value entries, its jobs and its schema stay, for the next
   *     plugin of its name
   * @return false when the plugin was changed since it was read; then nothing is removed
   */
  public boolean delete(StoredPlugin read, boolean keepData) {
    return transactions.runDurably(
        database,
        connection -> {
          try (PreparedStatement delete =
              connection.prepareStatement("delete from plugin where name = ? and revision = ?")) {
            delete.setString(1, read.name());
            delete.setLong(2, read.revision());
            if (delete.executeUpdate() == 0) {
              return false;
            }
          }
          if (!keepData) {
            PluginDatabases.drop(database, connection, read.name());
            try (PreparedStatement delete =
                connection.prepareStatement("delete from kv_usage where plugin = ?")) {
              delete.setString(1, read.name());
              delete.executeUpdate();
            }
            JobStore.forget(connection, read.name());
          }
          deleteUnused(connection, read.name());
          database.announce(connection, read.name());
          return true;
        });
  }

  /** The plugins' jobs, in the same database. */
  public JobStore jobs() {
    return new JobStore(transactions, database);
  }

  /** The plugins' configurations, in the same database. */
  public ConfigStore configurations() {
    return new ConfigStore(transactions, database);
  }

  /** The plugins' secrets, encrypted, in the same database. */
  public SecretStore secrets() {
    return new SecretStore(transactions, database);
  }

  /** The plugins' recent inputs, encrypted, in the same database. */
  public RecentInputStore recentInputs() {
    return new RecentInputStore(transactions);
  }

  /** What the hosts on the database say of themselves. */
  public NodeStore nodes() {
    return new NodeStore(transactions);
  }

  /** The plugins' cache invalidations, in the same database. */
  public CacheStore cache() {
    return new CacheStore(transactions, database);
  }

  /** The plugins' own schemas, in the same database. */
  public PluginDatabases pluginDatabases() {
    return new PluginDatabases(transactions, database, pool);
  }

  /** The operators' decisions, in the same database. */
  public GrantStore grants() {
    return new GrantStore(transactions, database);
  }

  /** Whether other hosts may change the store as well. */
  public boolean isShared() {
    return database.isShared();
  }

  /** What is wrong with the store; empty when it works. */
  public Optional<StoreTrouble> trouble() {
    return health.trouble();
  }

  /**
   * Checks whether the store answers and, when it was in trouble, whether it accepts changes again,
   * which ends the trouble.
   *
   * @throws StoreException when it does not; {@link #trouble} says so from then on
   */
  public void probe() {
    boolean writing = health.trouble().isPresent();
    transactions.run(connection -> {
      try (Statement statement = connection.createStatement()) {
        statement.execute("select 1");
        if (writing) {
          // No plugin has this name. The flush before the rollback detects a full disk.
          statement.execute(
              "insert into kv_usage (plugin, bytes, entries, writes) values ('?', 0, 0, 0)");
          database.settle(connections);
          connection.rollback();
        }
      }
      return true;
    });
    health.works();
  }

  /** Follows the changes from now on; must be closed before the store. */
  public StoreChanges changes() {
    return new StoreChanges(transactions, database.listen());
  }

  /** The audit log's rows, in the same database. */
  public AuditStore audit() {
    return new AuditStore(transactions);
  }

  /** The plugins' key-value entries, in the same database. */
  public KeyValueStore keyValues() {
    return new KeyValueStore(connections, readers, database, health);
  }

  @Override
  public void close() {
    if (threads.isShutdown()) {
      return;
    }
    try {
      // On one of the store's threads, because closing the embedded database writes to its file.
      CompletableFuture.runAsync(
              () -> {
                readerPool.close();
                pool.close();
              },
              threads)
          .join();
    } finally {
      threads.shutdown();
      lock.close();
    }
  }

  private static Optional<StoredPlugin> find(Connection connection, String name)
      throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SELECT + " where p.name = ?")) {
      select.setString(1, name);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? Optional.of(plugin(rows)) : Optional.empty();
      }
    }
  }

  private static boolean lock(Connection connection, StoredPlugin read) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select 1 from plugin where name = ? and revision = ? for update")) {
      select.setString(1, read.name());
      select.setLong(2, read.revision());
      try (ResultSet rows = select.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static boolean hasVersion(Connection connection, String name, String sha256)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select 1 from plugin_version where name = ? and sha256 = ?")) {
      select.setString(1, name);
      select.setString(2, sha256);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static void insertVersion(
      Connection connection,
      String name,
      StoredVersion version,
      byte[] bundle,
      List<byte[]> signatures)
      throws SQLException {
    try (PreparedStatement insert =
        connection.prepareStatement(
            "insert into plugin_version (name, sha256, version, installed_at, bundle, provenance)"
                + " values (?, ?, ?, ?, ?, ?)")) {
      insert.setString(1, name);
      insert.setString(2, version.sha256());
      insert.setString(3, version.version());
      insert.setObject(4, atUtc(version.installedAt()));
      insert.setBytes(5, bundle);
      insert.setString(6, TrustRows.json(version.provenance()));
      insert.executeUpdate();
    }
    TrustRows.insertSignatures(connection, name, version.sha256(), signatures);
  }

  private boolean update(Connection connection, StoredPlugin read, StoredPlugin next)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update plugin set state = ?, sha256 = ?, previous_sha256 = ?, replaced_at = ?,"
                + " pending_sha256 = ?, cause = ?, revision = revision + 1"
                + " where name = ? and revision = ?")) {
      update.setString(1, next.state().name());
      update.setString(2, next.current().sha256());
      update.setString(3, sha256(next.previous()));
      update.setObject(4, next.replacedAt() == null ? null : atUtc(next.replacedAt()));
      update.setString(5, sha256(next.pending()));
      update.setString(6, shortened(next.cause()));
      update.setString(7, read.name());
      update.setLong(8, read.revision());
      if (update.executeUpdate() == 0) {
        return false;
      }
    }
    if (!next.current().sha256().equals(read.current().sha256())) {
      TrustRows.raiseHighest(connection, read.name(), next.current());
    }
    deleteUnused(connection, read.name());
    database.announce(connection, read.name());
    return true;
  }

  private static void deleteUnused(Connection connection, String name) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from plugin_version where name = ? and not exists (select 1 from plugin p"
                + " where p.name = plugin_version.name and plugin_version.sha256"
                + " in (p.sha256, p.previous_sha256, p.pending_sha256))")) {
      delete.setString(1, name);
      delete.executeUpdate();
    }
    // Decisions on a removed version must not apply to another bundle with the same version number.
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from capability_grant where plugin = ? and not exists (select 1 from"
                + " plugin_version v where v.name = capability_grant.plugin"
                + " and v.version = capability_grant.version)")) {
      delete.setString(1, name);
      delete.executeUpdate();
    }
  }

  private static @Nullable String sha256(@Nullable StoredVersion version) {
    return version == null ? null : version.sha256();
  }

  private static @Nullable String shortened(@Nullable String cause) {
    return cause == null || cause.length() <= MAX_CAUSE_CHARS
        ? cause
        : cause.substring(0, MAX_CAUSE_CHARS - 1) + "…";
  }

  private static OffsetDateTime atUtc(Instant instant) {
    return instant.atOffset(ZoneOffset.UTC);
  }

  private static StoredPlugin plugin(ResultSet row) throws SQLException {
    OffsetDateTime replaced = row.getObject("replaced_at", OffsetDateTime.class);
    return new StoredPlugin(
        row.getString("name"),
        PluginState.valueOf(row.getString("state")),
        Objects.requireNonNull(version(row, "c")),
        version(row, "o"),
        replaced == null ? null : replaced.toInstant(),
        version(row, "n"),
        row.getString("cause"),
        row.getLong("revision"));
  }

  private static @Nullable StoredVersion version(ResultSet row, String prefix) throws SQLException {
    String sha256 = row.getString(prefix + "_sha256");
    return sha256 == null
        ? null
        : new StoredVersion(
            row.getString(prefix + "_version"),
            sha256,
            row.getObject(prefix + "_installed_at", OffsetDateTime.class).toInstant(),
            TrustRows.provenance(row.getString(prefix + "_provenance")));
  }
}
