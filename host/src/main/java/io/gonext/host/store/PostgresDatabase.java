package io.gonext.host.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.failure.StoreException;
import java.net.URLDecoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * A database of a PostgreSQL server. User and password are taken out of the URL at once, so that
 * nobody who prints or logs the URL, the driver included, can show them.
 */
final class PostgresDatabase extends Database {
  /** On which changes of plugins are announced. */
  static final String CHANNEL = "gonext_plugin";

  private static final String PREFIX = "jdbc:postgresql:";
  private static final String EXAMPLE = PREFIX + "//HOST:PORT/DATABASE?user=USER&password=PASSWORD";
  private static final int CONNECTIONS = 8;
  private static final long CONNECTION_TIMEOUT_MS = 5_000;

  /** Without user and password. */
  private final String url;

  private final @Nullable String user;
  private final @Nullable String password;

  private PostgresDatabase(String url, @Nullable String user, @Nullable String password) {
    this.url = url;
    this.user = user;
    this.password = password;
  }

  static PostgresDatabase parse(String text) {
    int query = text.indexOf('?');
    String base = query < 0 ? text : text.substring(0, query);
    if (!base.startsWith(PREFIX + "//") || base.contains("@")) {
      throw new IllegalArgumentException("a database is named as " + EXAMPLE);
    }
    String user = null;
    String password = null;
    List<String> options = new ArrayList<>();
    for (String option : query < 0 ? new String[0] : text.substring(query + 1).split("&", -1)) {
      if (option.startsWith("user=")) {
        user = decoded(option);
      } else if (option.startsWith("password=")) {
        password = decoded(option);
      } else if (!option.isEmpty()) {
        options.add(option);
      }
    }
    String url = options.isEmpty() ? base : base + "?" + String.join("&", options);
    Properties parsed = Driver.parseURL(url, null);
    if (parsed == null || parsed.getProperty("PGDBNAME", "").isEmpty()) {
      throw new IllegalArgumentException("a database is named as " + EXAMPLE);
    }
    return new PostgresDatabase(url, user, password);
  }

  private static String decoded(String option) {
    try {
      return URLDecoder.decode(option.substring(option.indexOf('=') + 1), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      // Its message would show what could not be decoded.
      throw new IllegalArgumentException(
          "in a database's URL, % and the two digits after it stand for one byte: write %25 for %");
    }
  }

  @Override
  HikariDataSource connect(Path directory, String name) {
    HikariConfig config = new HikariConfig();
    config.setDriverClassName(Driver.class.getName());
    config.setJdbcUrl(url);
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
    return Objects.requireNonNull(new Driver().connect(url, properties()), "not our URL");
  }

  /** What the URL says itself goes before these: the driver looks there first. */
  private Properties properties() {
    Properties properties = new Properties();
    properties.setProperty("ApplicationName", "gonext");
    // A server that is gone without a word is noticed in seconds, not when TCP gives up.
    properties.setProperty("connectTimeout", "4");
    properties.setProperty("socketTimeout", "20");
    properties.setProperty("tcpKeepAlive", "true");
    if (user != null) {
      properties.setProperty("user", user);
    }
    if (password != null) {
      properties.setProperty("password", password);
    }
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
    // The server has done so when a commit returns.
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

  /** Without options, among which there may be secrets too. */
  @Override
  public String toString() {
    int query = url.indexOf('?');
    return query < 0 ? url : url.substring(0, query);
  }
}
