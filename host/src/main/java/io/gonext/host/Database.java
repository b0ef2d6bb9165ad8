package io.gonext.host;

import io.gonext.host.internal.store.Drivers;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/** Which database holds a host's store. Immutable; its text never shows a password. */
public sealed interface Database {

  /** One file in the data directory, for one process at a time. */
  static Database embedded() {
    return new Embedded();
  }

  /**
   * A database in a PostgreSQL server, which any number of hosts may share.
   *
   * @param url as the JDBC driver takes it: {@code
   *     jdbc:postgresql://host:port/database?user=...&password=...}
   * @throws IllegalArgumentException if it is not such a URL; the message does not repeat it
   * @throws StoreException if the driver is not on the class path
   */
  static Database postgreSql(String url) {
    return PostgreSql.parse(url);
  }

  /** H2, in a file of the data directory. */
  record Embedded() implements Database {
    @Override
    public String toString() {
      return "embedded";
    }
  }

  /**
   * A database of a PostgreSQL server. User and password are separate from the URL, so that code
   * that prints or logs the URL, such as the driver, cannot show them.
   */
  final class PostgreSql implements Database {
    private static final String PREFIX = "jdbc:postgresql:";
    private static final String EXAMPLE =
        PREFIX + "//HOST:PORT/DATABASE?user=USER&password=PASSWORD";

    private final String url;
    private final @Nullable String user;
    private final @Nullable String password;

    private PostgreSql(String url, @Nullable String user, @Nullable String password) {
      this.url = url;
      this.user = user;
      this.password = password;
    }

    private static PostgreSql parse(String text) {
      Drivers.requirePostgreSql();
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
      return new PostgreSql(url, user, password);
    }

    private static String decoded(String option) {
      try {
        return URLDecoder.decode(option.substring(option.indexOf('=') + 1), StandardCharsets.UTF_8);
      } catch (IllegalArgumentException e) {
        // Its message would show what could not be decoded.
        throw new IllegalArgumentException(
            "in a database's URL, % and the two digits after it stand for one byte: write %25 for"
                + " %");
      }
    }

    /** The URL without user and password. */
    public String url() {
      return url;
    }

    public Optional<String> user() {
      return Optional.ofNullable(user);
    }

    public Optional<String> password() {
      return Optional.ofNullable(password);
    }

    /** Without options, among which there may be secrets too. */
    @Override
    public String toString() {
      int query = url.indexOf('?');
      return query < 0 ? url : url.substring(0, query);
    }
  }
}
