package io.gonext.conformance;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/** A real PostgreSQL server, one for all tests of this JVM. It ends with the JVM. */
final class Postgres {
  private static final Postgres SERVER = start();

  private final @Nullable EmbeddedPostgres server;
  private final @Nullable Exception failure;

  private Postgres(@Nullable EmbeddedPostgres server, @Nullable Exception failure) {
    this.server = server;
    this.failure = failure;
  }

  private static Postgres start() {
    try {
      return new Postgres(EmbeddedPostgres.builder().start(), null);
    } catch (IOException | RuntimeException e) {
      return new Postgres(null, e);
    }
  }

  /**
   * The URL of a new, empty database. Where no server can run, the test is skipped; in CI it fails.
   */
  static String createDatabase() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    try (Connection connection = DriverManager.getConnection(SERVER.url("postgres"));
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return SERVER.url(name);
  }

  private String url(String database) {
    if (server != null) {
      return server.getJdbcUrl("postgres", database);
    }
    if (System.getenv("CI") != null) {
      throw new IllegalStateException("no PostgreSQL server starts here", failure);
    }
    return Assumptions.abort("no PostgreSQL server starts here: " + failure);
  }
}
