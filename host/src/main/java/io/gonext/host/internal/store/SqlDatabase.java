package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import javax.sql.DataSource;

/** What the store needs from its database. Immutable. */
abstract sealed class SqlDatabase permits EmbeddedDatabase, PostgresDatabase {
  /** The most that a read of {@link #readers} may take, in milliseconds. */
  static final int READ_MILLIS = 1_000;

  private static final int READERS = 8;

  /** A server that stops, was killed, or is not ready yet. */
  private static final Set<String> SHUTDOWN = Set.of("57P01", "57P02", "57P03");

  /** A server that is read-only, as a replica is; H2's closed database, failed reads and writes. */
  private static final Set<String> LOST = Set.of("25006", "90098", "90028", "90031");

  /**
   * The store's side of this database.
   *
   * @throws StoreException when its driver is not on the class path
   */
  static SqlDatabase of(Database database) {
    return switch (database) {
      case Database.Embedded _ -> {
        Drivers.requireH2();
        yield new EmbeddedDatabase();
      }
      case Database.PostgreSql server -> {
        Drivers.requireMigratedPostgreSql();
        yield new PostgresDatabase(server);
      }
    };
  }

  /**
   * Connects to the database, whose tables it makes or brings up to date.
   *
   * @param name of the pool of connections
   * @throws com.zaxxer.hikari.pool.HikariPool.PoolInitializationException when it cannot connect
   * @throws org.flywaydb.core.api.FlywayException when the tables cannot be brought up to date
   * @throws StoreException when something else is wrong, which it names
   */
  abstract HikariDataSource connect(Path directory, String name);

  /**
   * Connections for reads of one row each, on threads that may be interrupted. Whoever asks waits a
   * second at most, and a statement may take as long.
   *
   * @param store the store's own connections; close it after this
   */
  abstract HikariDataSource readers(HikariDataSource store);

  /** Ends what another thread does on a connection of {@link #readers}, if that can be done. */
  abstract void abort(Connection reader) throws SQLException;

  /** Settings of {@link #readers} that all databases have. */
  static HikariConfig readerConfig() {
    HikariConfig config = new HikariConfig();
    config.setPoolName("gonext-readers");
    config.setMaximumPoolSize(READERS);
    config.setMinimumIdle(1);
    config.setConnectionTimeout(READ_MILLIS);
    config.setValidationTimeout(READ_MILLIS / 2);
    // The store was reached a moment ago. If it is lost now, its health says so.
    config.setInitializationFailTimeout(-1);
    return config;
  }

  /** Prepares a statement that the database gives up when it takes longer than so many seconds. */
  abstract PreparedStatement prepare(Connection connection, String sql, int seconds)
      throws SQLException;

  /** Takes back the limit of {@link #prepare} where it holds for the connection. */
  abstract void unlimit(Connection connection) throws SQLException;

  /** What a column for a bundle is called. */
  abstract String blobType();

  /** Whether other hosts may change the store as well. */
  abstract boolean isShared();

  /** Tells other hosts of a change of a plugin, once the transaction commits. */
  abstract void announce(Connection transaction, String plugin) throws SQLException;

  /** Makes earlier commits survive a crash of the process or the machine. */
  abstract void settle(DataSource connections) throws SQLException;

  /**
   * Makes a plugin's user, and a schema that this user owns. Nothing else is granted to it.
   *
   * @throws io.gonext.host.ActivationException when the database would let the plugin reach more
   *     than its schema
   */
  abstract void createUser(Connection admin, PluginLogin login) throws SQLException;

  /** Makes the schema of a plugin's user, which has dropped it. */
  abstract void createSchema(Connection admin, PluginLogin login) throws SQLException;

  /** Gives a plugin's user its password again. */
  abstract void setPassword(Connection admin, PluginLogin login) throws SQLException;

  /** Removes a plugin's user and all that it owns. */
  abstract void dropUser(Connection admin, PluginLogin login) throws SQLException;

  /**
   * A new connection as a plugin's user, in its schema.
   *
   * @param store the store's own connections
   */
  abstract Connection connectAs(DataSource store, PluginLogin login, PluginDatabases.Access access)
      throws SQLException;

  /** Ends a plugin's session, whatever it does. */
  abstract void endSession(Connection admin, Connection plugin) throws SQLException;

  /** Waits for announcements of hosts. */
  abstract Announcements listen();

  /** Why it cannot be opened, as one sentence with the fix. */
  abstract StoreException cannotOpen(SQLException failure, Path directory);

  /** Whether a statement failed because another transaction was first to use a name. */
  static boolean isTaken(SQLException e) {
    return e.getSQLState() != null && e.getSQLState().startsWith("23");
  }

  /** Whether a commit failed because the database took the transaction back. */
  static boolean isRolledBack(SQLException e) {
    return e.getSQLState() != null
        && (e.getSQLState().startsWith("40") || e.getSQLState().startsWith("23"));
  }

  /** Whether the database refused a user or a password, or the user has dropped its schema. */
  static boolean isLoginRefused(SQLException e) {
    return e.getSQLState() != null
        && (e.getSQLState().startsWith("28") || e.getSQLState().equals("90079"));
  }

  /** Whether the user has not the right to do something. */
  static boolean isNotAllowed(SQLException e) {
    return "42501".equals(e.getSQLState());
  }

  /** Whether the database as a whole does not do what it should, for now. */
  static boolean isLost(SQLException e) {
    String state = e.getSQLState();
    return isUnreachable(e)
        || e instanceof SQLTransientConnectionException
        || (state != null && (state.startsWith("53") || LOST.contains(state)));
  }

  /** Whether the connection failed or was lost. */
  static boolean isUnreachable(SQLException e) {
    return e.getSQLState() != null
        && (e.getSQLState().startsWith("08") || SHUTDOWN.contains(e.getSQLState()));
  }
}
