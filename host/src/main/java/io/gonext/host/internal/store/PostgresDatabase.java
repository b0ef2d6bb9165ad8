package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.Database;
import io.gonext.host.StoreException;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.Objects;
import java.util.Properties;
import javax.sql.DataSource;
import org.postgresql.Driver;

/** A database of a PostgreSQL server. */
final class PostgresDatabase extends SqlDatabase {
  /** On which changes of plugins are announced. */
  static final String CHANNEL = "gonext_plugin";

  private static final int CONNECTIONS = 8;
  private static final long CONNECTION_TIMEOUT_MS = 5_000;

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

  /** A connection that belongs to no pool. */
  Connection connect() throws SQLException {
    return Objects.requireNonNull(new Driver().connect(server.url(), properties()), "not our URL");
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
