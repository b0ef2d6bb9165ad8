package io.gonext.host.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import com.zaxxer.hikari.pool.HikariPool;
import io.gonext.host.failure.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;

/**
 * Which plugins are installed, their bundles and their states, in an embedded H2 database: one file
 * in the data directory, held by one process at a time. Each change is one transaction, so a crash
 * leaves the state before it or the state after it.
 *
 * <p>Thread-safe.
 */
public final class PluginStore implements AutoCloseable {
  private static final int CONNECTIONS = 8;

  private final DirectoryLock lock;
  private final HikariDataSource connections;

  private PluginStore(DirectoryLock lock, HikariDataSource connections) {
    this.lock = lock;
    this.connections = connections;
  }

  /**
   * Opens the store of a data directory, creating both where they do not exist.
   *
   * @throws StoreException when the directory cannot be used or another host holds it
   */
  public static PluginStore open(Path directory) {
    DirectoryLock lock = DirectoryLock.take(directory);
    try {
      return open(directory, lock);
    } catch (RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  private static PluginStore open(Path directory, DirectoryLock lock) {
    HikariConfig config = new HikariConfig();
    config.setPoolName("gonext-store");
    // Writes are on disk when a commit returns (WRITE_DELAY 0); the host closes the database
    // itself.
    config.setJdbcUrl(
        "jdbc:h2:file:"
            + directory.toAbsolutePath().resolve("gonext").toString().replace("\\", "/")
            + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0");
    config.setMaximumPoolSize(CONNECTIONS);
    HikariDataSource connections;
    try {
      connections = new HikariDataSource(config);
    } catch (HikariPool.PoolInitializationException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new StoreException(
          "the store in " + directory + " cannot be opened: " + cause.getMessage(), e);
    }
    try {
      Flyway.configure()
          .dataSource(connections)
          .locations("classpath:io/gonext/host/store")
          .placeholders(Map.of("blob", "blob"))
          .loggers("slf4j")
          .load()
          .migrate();
    } catch (FlywayException e) {
      connections.close();
      throw new StoreException(
          "the store in " + directory + " cannot be brought up to date: " + e.getMessage(), e);
    }
    return new PluginStore(lock, connections);
  }

  /**
   * Adds a plugin in state {@link PluginState#INSTALLED}.
   *
   * @return false when one of that name is there already; nothing is changed then
   */
  public boolean insert(StoredPlugin plugin, byte[] bundle) {
    return inStore(connection -> {
      try (PreparedStatement insert =
          connection.prepareStatement(
              "insert into plugin (name, version, sha256, state, bundle)"
                  + " values (?, ?, ?, ?, ?)")) {
        insert.setString(1, plugin.name());
        insert.setString(2, plugin.version());
        insert.setString(3, plugin.sha256());
        insert.setString(4, plugin.state().name());
        insert.setBytes(5, bundle);
        insert.executeUpdate();
        return true;
      } catch (SQLIntegrityConstraintViolationException e) {
        return false;
      }
    });
  }

  /** All plugins, by name. */
  public List<StoredPlugin> list() {
    return inStore(connection -> {
      List<StoredPlugin> plugins = new ArrayList<>();
      try (PreparedStatement select =
              connection.prepareStatement(
                  "select name, version, sha256, state from plugin order by name");
          ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          plugins.add(plugin(rows));
        }
      }
      return plugins;
    });
  }

  public Optional<StoredPlugin> find(String name) {
    return inStore(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select name, version, sha256, state from plugin where name = ?")) {
        select.setString(1, name);
        try (ResultSet rows = select.executeQuery()) {
          return rows.next() ? Optional.of(plugin(rows)) : Optional.empty();
        }
      }
    });
  }

  /** The bundle's bytes as they were installed. */
  public Optional<byte[]> bundle(String name) {
    return inStore(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement("select bundle from plugin where name = ?")) {
        select.setString(1, name);
        try (ResultSet rows = select.executeQuery()) {
          return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
        }
      }
    });
  }

  /** Moves a plugin from one state to another; false when it was not in the first. */
  public boolean changeState(String name, PluginState from, PluginState to) {
    return inStore(connection -> {
      try (PreparedStatement update =
          connection.prepareStatement("update plugin set state = ? where name = ? and state = ?")) {
        update.setString(1, to.name());
        update.setString(2, name);
        update.setString(3, from.name());
        return update.executeUpdate() == 1;
      }
    });
  }

  /** Removes a plugin; false when there was none. */
  public boolean delete(String name) {
    return inStore(connection -> {
      try (PreparedStatement delete =
          connection.prepareStatement("delete from plugin where name = ?")) {
        delete.setString(1, name);
        return delete.executeUpdate() == 1;
      }
    });
  }

  /** The operators' decisions, in the same database. */
  public GrantStore grants() {
    return new GrantStore(connections);
  }

  /** The audit log's rows, in the same database. */
  public AuditStore audit() {
    return new AuditStore(connections);
  }

  /** The plugins' key-value entries, in the same database. */
  public KeyValueStore keyValues() {
    return new KeyValueStore(connections);
  }

  @Override
  public void close() {
    connections.close();
    lock.close();
  }

  private static StoredPlugin plugin(ResultSet row) throws SQLException {
    return new StoredPlugin(
        row.getString("name"),
        row.getString("version"),
        row.getString("sha256"),
        PluginState.valueOf(row.getString("state")));
  }

  @FunctionalInterface
  private interface Work<R> {
    R run(Connection connection) throws SQLException;
  }

  private <R> R inStore(Work<R> work) {
    try (Connection connection = connections.getConnection()) {
      return work.run(connection);
    } catch (SQLException e) {
      throw new StoreException("the store failed, nothing was changed: " + e.getMessage(), e);
    }
  }
}
