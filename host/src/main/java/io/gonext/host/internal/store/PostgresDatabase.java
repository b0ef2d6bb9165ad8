package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.ActivationException;
import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Objects;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGConnection;
import org.postgresql.jdbc.PgConnection;

/** A database of a PostgreSQL server. */
final class PostgresDatabase extends SqlDatabase {
  /** On which changes of plugins are announced. */
  static final String CHANNEL = "gonext_plugin";

  private static final int CONNECTIONS = 8;
  private static final long CONNECTION_TIMEOUT_MS = 5_000;

  /** The most that one plugin has on all hosts. */
  private static final int PLUGIN_CONNECTIONS = 64;

  private static final int MIGRATION_MILLIS = 60_000;
  private static final int MIGRATION_LOCK_MILLIS = 10_000;

  private final Database.PostgreSql server;

  PostgresDatabase(Database.PostgreSql server) {
    this.server = server;
  }

  @Override
  HikariDataSource connect(Path directory, String name) {
    HikariConfig config = new HikariConfig();
    config.setDriverClassName(Driver.class.getName());
    config.setJdbcUrl(server.url());
    config.setDataSourceProperties(properties());
    config.setMaximumPoolSize(CONNECTIONS);
    config.setConnectionTimeout(CONNECTION_TIMEOUT_MS);
    config.setPoolName(name);
    HikariDataSource pool = new HikariDataSource(config);
    boolean migrated = false;
    try {
      new Schema(pool, this).migrate();
      migrated = true;
      return pool;
    } finally {
      if (!migrated) {
        pool.close();
      }
    }
  }

  @Override
  HikariDataSource readers(HikariDataSource store) {
    HikariConfig config = readerConfig();
    config.setDriverClassName(Driver.class.getName());
    config.setJdbcUrl(server.url());
    config.setDataSourceProperties(properties());
    config.setConnectionInitSql("set statement_timeout = " + READ_MILLIS);
    return new HikariDataSource(config);
  }

  @Override
  PreparedStatement prepare(Connection connection, String sql, int seconds) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(seconds);
    return statement;
  }

  @Override
  void unlimit(Connection connection) {
    // The limit is the statement's.
  }

  @Override
  void abort(Connection reader) throws SQLException {
    reader.unwrap(PgConnection.class).abort(Runnable::run);
  }

  /** A connection that belongs to no pool. */
  Connection connect() throws SQLException {
    return Objects.requireNonNull(new Driver().connect(server.url(), properties()), "not our URL");
  }

  /**
   * One role for each plugin, which logs in itself. The store's role with SET ROLE would not keep a
   * plugin apart: within one statement, set_config('role', ...) or a DO block becomes the store's
   * role again.
   */
  @Override
  void createUser(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      statement.execute(
          "create role %s login noinherit connection limit %d"
              .formatted(login.user(), PLUGIN_CONNECTIONS));
      setPassword(admin, login);
      if (!isSuperuser(statement)) {
        // To give the schema away, and to remove what the plugin made.
        statement.execute("grant " + login.user() + " to current_user");
      }
      createSchema(admin, login);
      requirePowerless(admin, login);
    }
  }

  @Override
  void createSchema(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      statement.execute(
          "create schema if not exists %s authorization %s"
              .formatted(login.schema(), login.user()));
    }
  }

  private static boolean isSuperuser(Statement statement) throws SQLException {
    try (ResultSet rows =
        statement.executeQuery("select rolsuper from pg_roles where rolname = current_user")) {
      return rows.next() && rows.getBoolean(1);
    }
  }

  /** What all users of a database may do, the plugin may do, too. */
  private static void requirePowerless(Connection admin, PluginLogin login) throws SQLException {
    String open =
        first(
            admin,
            "select nspname from pg_namespace where nspname <> ? and nspname !~ '^pg_(toast_)?temp'"
                + " and has_schema_privilege(?, oid, 'create')",
            login.schema(),
            login.user());
    if (open != null) {
      throw new ActivationException(
          ("every user of the database may create objects in its schema %1$s, so plugins could,"
                  + " too: run \"revoke create on schema %1$s from public\" in it")
              .formatted(open),
          null);
    }
    String shared =
        first(
            admin,
            "select relname from pg_class where relnamespace = current_schema()::regnamespace and"
                + " relkind in ('r', 'p', 'v', 'm') and relowner = (select oid from pg_roles where"
                + " rolname = current_user) and has_table_privilege(?, oid,"
                + " 'select, insert, update, delete, truncate')",
            login.user());
    if (shared != null) {
      throw new ActivationException(
          ("every user of the database has rights on the host's table %1$s, so plugins have them,"
                  + " too: run \"revoke all on %1$s from public\" in it")
              .formatted(shared),
          null);
    }
  }

  private static @Nullable String first(Connection admin, String sql, String... arguments)
      throws SQLException {
    try (PreparedStatement select = admin.prepareStatement(sql)) {
      for (int i = 0; i < arguments.length; i++) {
        select.setString(i + 1, arguments[i]);
      }
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? rows.getString(1) : null;
      }
    }
  }

  /** The driver sends a hash, so that no log of the server has the password. */
  @Override
  void setPassword(Connection admin, PluginLogin login) throws SQLException {
    admin
        .unwrap(PGConnection.class)
        .alterUserPassword(login.user(), login.password().toCharArray(), null);
  }

  @Override
  void dropUser(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      statement.execute("drop owned by " + login.user() + " cascade");
      statement.execute("drop schema if exists " + login.schema() + " cascade");
      statement.execute("drop role " + login.user());
    }
  }

  @Override
  Connection connectAs(DataSource store, PluginLogin login, PluginDatabases.Access access)
      throws SQLException {
    String url = server.url();
    int query = url.indexOf('?');
    Properties properties =
        Objects.requireNonNull(Driver.parseURL(url, properties()), "not our URL");
    // Not the store's schema.
    properties.remove("currentSchema");
    properties.setProperty("user", login.user());
    properties.setProperty("password", login.password());
    properties.setProperty("ApplicationName", "gonext-plugin");
    boolean migrates = access == PluginDatabases.Access.MIGRATE;
    // The start of a session is what RESET ALL goes back to. A role's own settings, which the
    // plugin may change, come before these.
    properties.setProperty(
        "options",
        "-c search_path=%s -c statement_timeout=%d -c lock_timeout=%d"
                .formatted(
                    login.schema(),
                    migrates ? MIGRATION_MILLIS : PluginDatabases.STATEMENT_MILLIS,
                    migrates ? MIGRATION_LOCK_MILLIS : PluginDatabases.LOCK_MILLIS)
            + " -c idle_in_transaction_session_timeout=10000"
            + " -c default_transaction_isolation=read\\ committed");
    if (migrates) {
      properties.setProperty("socketTimeout", "90");
    } else {
      // Otherwise the driver sends BEGIN as a request with an answer of its own.
      properties.setProperty("preferQueryMode", "extended");
      // A larger row would be read into the host's memory as a whole.
      properties.setProperty("maxResultBuffer", "8M");
    }
    return Objects.requireNonNull(
        new Driver().connect(query < 0 ? url : url.substring(0, query), properties), "not our URL");
  }

  @Override
  void endSession(Connection admin, Connection plugin) throws SQLException {
    // A connection that is closed cannot be unwrapped.
    PgConnection session = (PgConnection) plugin;
    // With the user, because another session may have the number once this one has ended.
    try (PreparedStatement end =
        admin.prepareStatement(
            "select pg_terminate_backend(pid) from pg_stat_activity where pid = ? and usename ="
                + " ?")) {
      end.setInt(1, session.getBackendPID());
      end.setString(2, session.getUserName());
      end.execute();
    }
  }

  /** What the URL says itself goes before these: the driver looks there first. */
  private Properties properties() {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", "gonext");
    // Detects an unreachable server within seconds instead of TCP's minutes.
    properties.setProperty("connectTimeout", "4");
    properties.setProperty("socketTimeout", "20");
    properties.setProperty("tcpKeepAlive", "true");
    server.user().ifPresent(user -> properties.setProperty("user", user));
    server.password().ifPresent(password -> properties.setProperty("password", password));
    return properties;
  }

  @Override
  String blobType() {
    return "bytea";
  }

  @Override
  boolean isShared() {
    return true;
  }

  @Override
  void announce(Connection transaction, String plugin) throws SQLException {
    try (PreparedStatement notify =
        transaction.prepareStatement("select pg_notify('" + CHANNEL + "', ?)")) {
      notify.setString(1, plugin);
      notify.execute();
    }
  }

  @Override
  void settle(DataSource connections) {
    // The server flushes before a commit returns.
  }

  @Override
  Announcements listen() {
    return new PostgresAnnouncements(this);
  }

  @Override
  StoreException cannotOpen(SQLException failure, Path directory) {
    String state = failure.getSQLState() == null ? "" : failure.getSQLState();
    String why;
    if (state.startsWith("28")) {
      why = "refused the user or the password: correct them";
    } else if (state.equals("3D000")) {
      why = "does not exist on that server: create it, with createdb for instance";
    } else if (isUnreachable(failure)) {
      why = "cannot be reached (" + rootOf(failure) + "): is it running, and is the address right?";
    } else {
      why = "cannot be used: " + failure.getMessage();
    }
    return new StoreException("the database " + this + " " + why, failure);
  }

  private static String rootOf(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof UnknownHostException
        ? "there is no host " + root.getMessage()
        : String.valueOf(root.getMessage());
  }

  @Override
  public String toString() {
    return server.toString();
  }
}
