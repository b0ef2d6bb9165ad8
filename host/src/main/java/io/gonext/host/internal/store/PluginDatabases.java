package io.gonext.host.internal.store;

import io.gonext.host.ActivationException;
import io.gonext.host.StoreException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plugins' own schemas in the store's database. Each plugin has a database user of its own,
 * which owns its schema and has no other right, and its SQL runs on connections that this user has
 * opened. So a plugin that changes its role back has only its own rights.
 *
 * <p>Thread-safe.
 */
public final class PluginDatabases {
  /** The most that a statement of a plugin may take, its waits for locks included. */
  public static final int STATEMENT_MILLIS = 250;

  /** The most that it may wait for one lock. */
  public static final int LOCK_MILLIS = 200;

  private static final Logger log = LoggerFactory.getLogger(PluginDatabases.class);

  private final Transactions transactions;
  private final SqlDatabase database;
  private final DataSource connections;
  private final SecureRandom random = new SecureRandom();

  /** By plugin, as the store said last. */
  private final Map<String, PluginLogin> logins = new ConcurrentHashMap<>();

  /** What a connection is for. */
  public enum Access {
    /** On H2, as a user that cannot write. On PostgreSQL, in a transaction that cannot. */
    READ,
    WRITE,
    /** As {@link #WRITE}, with more time for each statement. */
    MIGRATE
  }

  PluginDatabases(Transactions transactions, SqlDatabase database, DataSource connections) {
    this.transactions = transactions;
    this.database = database;
    this.connections = connections;
  }

  /** Whether the database is PostgreSQL; otherwise it is H2. */
  public boolean isPostgreSql() {
    return database instanceof PostgresDatabase;
  }

  /** The name of a plugin's schema. */
  public static String schemaOf(String plugin) {
    return PluginLogin.schemaOf(plugin);
  }

  /**
   * Makes a plugin's schema where there is none, also where the plugin has dropped it.
   *
   * @return false when the plugin's connections of before lead to a schema that is gone
   * @throws ActivationException when the database is not set up for this; it says what to change
   * @throws StoreException when the database fails
   */
  public boolean prepare(String plugin) {
    PluginLogin before = logins.get(plugin);
    PluginLogin now = readOrCreate(plugin);
    logins.put(plugin, now);
    boolean restored = restoreSchema(now);
    return !restored && (before == null || before.equals(now));
  }

  private boolean restoreSchema(PluginLogin login) {
    return transactions.run(admin -> {
      try (PreparedStatement select =
          admin.prepareStatement(
              "select 1 from information_schema.schemata where lower(schema_name) = ?")) {
        select.setString(1, login.schema());
        try (ResultSet rows = select.executeQuery()) {
          if (rows.next()) {
            return false;
          }
        }
      }
      database.createSchema(admin, login);
      return true;
    });
  }

  /** Forgets what is known of a plugin; its schema stays. */
  public void forget(String plugin) {
    logins.remove(plugin);
  }

  /**
   * A new connection as the plugin's user, in its schema. The caller closes it. Must be called on a
   * thread that is never interrupted.
   *
   * @throws io.gonext.host.HostException when the plugin has no schema and cannot get one
   */
  public Connection open(String plugin, Access access) throws SQLException {
    PluginLogin login = logins.get(plugin);
    if (login == null) {
      login = readOrCreate(plugin);
      logins.put(plugin, login);
    }
    try {
      return database.connectAs(connections, login, access);
    } catch (SQLException e) {
      if (!SqlDatabase.isLoginRefused(e)) {
        throw e;
      }
      // Uninstalled and installed again by another host, or the plugin changed its own password.
      PluginLogin known = readOrCreate(plugin);
      logins.put(plugin, known);
      restorePassword(known);
      return database.connectAs(connections, known, access);
    }
  }

  /** Ends what the database does on a plugin's connection, whatever that is, and the connection. */
  public void cutOff(Connection connection) {
    if (isPostgreSql()) {
      // First, because a guest waits for it. The server may not notice before its statement ends.
      abort(connection);
    }
    try {
      transactions.run(admin -> {
        database.endSession(admin, connection);
        return true;
      });
    } catch (StoreException e) {
      log.debug("a plugin's session could not be ended: {}", e.getMessage());
    }
    abort(connection);
  }

  private static void abort(Connection connection) {
    try {
      connection.abort(Runnable::run);
    } catch (SQLException e) {
      log.debug("a plugin's connection could not be closed: {}", e.getMessage());
    }
  }

  /**
   * What the tables of a schema take in the embedded database, about.
   *
   * @throws StoreException when the database fails
   */
  public long embeddedBytes(String schema) {
    return transactions.run(admin -> {
      try (PreparedStatement select =
          admin.prepareStatement(
              "select coalesce(sum(db_object_approximate_total_size('TABLE', table_schema,"
                  + " table_name)), 0) from information_schema.tables where table_schema ="
                  + " upper(?) and table_type in ('BASE TABLE', 'GLOBAL TEMPORARY')")) {
        select.setString(1, schema);
        try (ResultSet rows = select.executeQuery()) {
          rows.next();
          return rows.getLong(1);
        }
      }
    });
  }

  private void restorePassword(PluginLogin login) {
    transactions.run(admin -> {
      database.setPassword(admin, login);
      return true;
    });
  }

  private PluginLogin readOrCreate(String plugin) {
    PluginLogin found = read(plugin);
    return found == null ? create(plugin) : found;
  }

  private @Nullable PluginLogin read(String plugin) {
    return transactions.<@Nullable PluginLogin>run(connection -> find(connection, plugin));
  }

  /**
   * Whether a failure comes from a database that is gone, read-only or out of space or connections,
   * rather than from what it was asked.
   */
  public static boolean isStoreLost(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof SQLException sql && SqlDatabase.isLost(sql)) {
        return true;
      }
    }
    return false;
  }

  static @Nullable PluginLogin find(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select username, password from plugin_database where plugin = ?")) {
      select.setString(1, plugin);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? new PluginLogin(PluginLogin.schemaOf(plugin), rows.getString(1), rows.getString(2))
            : null;
      }
    }
  }

  private PluginLogin create(String plugin) {
    PluginLogin login = PluginLogin.of(plugin, random);
    try {
      transactions.runDurably(
          database,
          connection -> {
            // First, so that of two hosts one waits for the other.
            try (PreparedStatement insert =
                connection.prepareStatement(
                    "insert into plugin_database (plugin, username, password) values (?, ?, ?)")) {
              insert.setString(1, plugin);
              insert.setString(2, login.user());
              insert.setString(3, login.password());
              insert.executeUpdate();
            }
            database.createUser(connection, login);
            return true;
          });
      return login;
    } catch (StoreException e) {
      if (e.getCause() instanceof SQLException failure) {
        if (SqlDatabase.isTaken(failure)) {
          PluginLogin other = read(plugin);
          if (other != null) {
            return other;
          }
        }
        if (SqlDatabase.isNotAllowed(failure)) {
          throw new ActivationException(
              "the database does not let the host make a schema and a user for "
                  + plugin
                  + ": its user needs CREATEROLE, and CREATE on the database",
              failure);
        }
      }
      throw e;
    }
  }

  /** Removes a plugin's schema with all that is in it. */
  public void remove(String plugin) {
    logins.remove(plugin);
    transactions.run(connection -> {
      drop(database, connection, plugin);
      return true;
    });
  }

  /** Removes a plugin's schema with all that is in it, in a transaction of the store. */
  static void drop(SqlDatabase database, Connection transaction, String plugin)
      throws SQLException {
    PluginLogin login = find(transaction, plugin);
    if (login == null) {
      return;
    }
    try (PreparedStatement delete =
        transaction.prepareStatement("delete from plugin_database where plugin = ?")) {
      delete.setString(1, plugin);
      delete.executeUpdate();
    }
    database.dropUser(transaction, login);
  }
}
