package io.gonext.host;

import io.gonext.host.Database.PostgreSql;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HexFormat;
import java.util.Objects;
import java.util.Properties;
import org.postgresql.Driver;

/** A new database of a PostgreSQL server, which goes when this is closed. */
final class ScratchDatabase implements AutoCloseable {
  private static final int SUFFIX_BYTES = 8;

  private final PostgreSql server;
  private final String name;

  private ScratchDatabase(PostgreSql server, String name) {
    this.server = server;
    this.name = name;
  }

  static ScratchDatabase create(PostgreSql server) {
    byte[] suffix = new byte[SUFFIX_BYTES];
    new SecureRandom().nextBytes(suffix);
    String name = "gonext_check_" + HexFormat.of().formatHex(suffix);
    execute(server, "create database " + name);
    return new ScratchDatabase(server, name);
  }

  /** As {@link PostgreSql}, with the same user and password. */
  Database database() {
    String url = server.url();
    int query = url.indexOf('?');
    String base = query < 0 ? url : url.substring(0, query);
    StringBuilder text =
        new StringBuilder(base.substring(0, base.lastIndexOf('/') + 1))
            .append(name)
            .append(query < 0 ? "?" : url.substring(query) + "&");
    server.user().ifPresent(user -> text.append("user=").append(encoded(user)).append('&'));
    server
        .password()
        .ifPresent(password -> text.append("password=").append(encoded(password)).append('&'));
    return Database.postgreSql(text.toString());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    execute(server, "drop database if exists " + name + " with (force)");
  }

  private static void execute(PostgreSql server, String sql) {
    Properties login = new Properties();
    server.user().ifPresent(user -> login.setProperty("user", user));
    server.password().ifPresent(password -> login.setProperty("password", password));
    try (Connection connection =
            Objects.requireNonNull(new Driver().connect(server.url(), login), "not our URL");
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new StoreException(
          "no database could be created or removed on %s: %s".formatted(server, e.getMessage()), e);
    }
  }
}
