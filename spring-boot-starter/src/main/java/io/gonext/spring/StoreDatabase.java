package io.gonext.spring;

import io.gonext.host.Database;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.jspecify.annotations.Nullable;

/**
 * The database of a host's store in PostgreSQL: tables and Flyway's history are in a schema of
 * their own, so that they share a database with the application and its own Flyway.
 */
final class StoreDatabase {
  static final String POSTGRESQL = "jdbc:postgresql:";

  private StoreDatabase() {}

  /** How a database is reached. Its text does not show the password. */
  record Known(String url, @Nullable String user, @Nullable String password) {
    @Override
    public String toString() {
      return url;
    }
  }

  /** Finds how Spring Boot made the application's DataSource, and makes a schema there. */
  @FunctionalInterface
  interface Application {
    /** Null where there is no such DataSource; makes nothing where it is not PostgreSQL. */
    @Nullable Known find(String schema);
  }

  /**
   * The database that the properties say.
   *
   * @param application the application's database, in which the schema was made; null where it has
   *     none that Spring Boot made. Asked for only where it is needed
   * @throws GonextStartException when it is not PostgreSQL, or cannot be found
   */
  static Database of(GonextProperties.Store store, Application application) {
    return switch (store.type()) {
      case EMBEDDED -> Database.embedded();
      case POSTGRESQL -> {
        if (store.url() == null) {
          throw new GonextStartException(
              "gonext.store.type is postgresql, and gonext.store.url is missing: set it to"
                  + " jdbc:postgresql://HOST/DATABASE");
        }
        Known own = new Known(store.url(), store.username(), store.password());
        try (Connection connection =
            DriverManager.getConnection(own.url(), own.user(), own.password())) {
          createSchema(connection, store.schema());
        } catch (SQLException e) {
          throw new GonextStartException(
              "the database of gonext.store.url cannot be used: " + e.getMessage(), e);
        }
        yield named(own, store.schema());
      }
      case DATASOURCE -> {
        Known known = application.find(store.schema());
        if (known == null) {
          throw new GonextStartException(
              "gonext.store.type is datasource, and Spring Boot has not made the DataSource: set"
                  + " spring.datasource.url, or gonext.store.type=postgresql and gonext.store.url");
        }
        if (!known.url().startsWith(POSTGRESQL)) {
          throw new GonextStartException(
              "gonext.store.type is datasource, and the DataSource is not PostgreSQL: set"
                  + " gonext.store.type=embedded for a file in gonext.data-directory");
        }
        yield named(known, store.schema());
      }
    };
  }

  /** Makes the schema of the store's tables where it does not exist. */
  static void createSchema(Connection connection, String schema) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("create schema if not exists \"" + schema + "\"");
    }
  }

  private static Database named(Known known, String schema) {
    StringBuilder text = new StringBuilder(known.url());
    append(text, "user", known.user());
    append(text, "password", known.password());
    append(text, "currentSchema", schema);
    try {
      return Database.postgreSql(text.toString());
    } catch (IllegalArgumentException e) {
      throw new GonextStartException("the store: " + e.getMessage(), e);
    }
  }

  private static void append(StringBuilder url, String name, @Nullable String value) {
    if (value != null && !value.isEmpty()) {
      url.append(url.indexOf("?") < 0 ? '?' : '&')
          .append(name)
          .append('=')
          .append(URLEncoder.encode(value, StandardCharsets.UTF_8).replace("+", "%20"));
    }
  }
}
