package io.gonext.conformance;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.UUID;
import org.junit.jupiter.api.Assumptions;

/** A real PostgreSQL server, one for all tests of this JVM. It ends with the JVM. */
final class TestPostgres {
  private TestPostgres() {}

  /**
   * The URL of a new, empty database. Where no server can run, the test is skipped; in CI it fails.
   */
  static String createDatabase() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    try (Connection connection = DriverManager.getConnection(url("postgres"));
        Statement statement = connection.createStatement()) {
      statement.execute("create database " + name);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
    return url(name);
  }

  private static String url(String database) {
    return switch (Server.STARTED) {
      case Running(EmbeddedPostgres server) -> server.getJdbcUrl("postgres", database);
      case Broken(Exception why) when System.getenv("CI") != null ->
          throw new IllegalStateException("no PostgreSQL server starts here", why);
      case Broken(Exception why) -> Assumptions.abort("no PostgreSQL server starts here: " + why);
    };
  }

  private sealed interface State {}

  private record Running(EmbeddedPostgres server) implements State {}

  private record Broken(Exception why) implements State {}

  /** Starts with the first test that needs it. */
  private static final class Server {
    static final State STARTED = start();

    private static State start() {
      try {
        return new Running(EmbeddedPostgres.builder().start());
      } catch (IOException | RuntimeException e) {
        return new Broken(e);
      }
    }
  }
}
