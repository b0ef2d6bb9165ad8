package io.gonext.host.internal.store;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Assumptions;

/**
 * A real PostgreSQL server, one for all tests of this JVM, with a database for whoever asks. It
 * ends with the JVM.
 */
public final class TestPostgres {
  private static final TestPostgres SERVER = start();

  private final @Nullable EmbeddedPostgres server;
  private final @Nullable Exception failure;

  private TestPostgres(@Nullable EmbeddedPostgres server, @Nullable Exception failure) {
    this.server = server;
    this.failure = failure;
  }

  private static TestPostgres start() {
    try {
      return new TestPostgres(EmbeddedPostgres.builder().start(), null);
    } catch (IOException | RuntimeException e) {
      return new TestPostgres(null, e);
    }
  }

  /**
   * The URL of a new, empty database. Where no server can run, the test is skipped; in CI it fails.
   */
  public static String createDatabase() {
    String name = "t" + UUID.randomUUID().toString().replace("-", "");
    execute(url("postgres"), "create database " + name);
    return url(name);
  }

  /** As {@link #createDatabase}, but nothing where no server can run. */
  public static Optional<String> createDatabaseIfPossible() {
    return SERVER.server == null ? Optional.empty() : Optional.of(createDatabase());
  }

  /**
   * The URL of a new database, which user {@code careful} owns, who has the password {@code a&b%ü}
   * and is asked for it.
   */
  public static String withPasswords() {
    String url = createDatabase();
    String database = url.replaceAll(".*/([^?]+)\\?.*", "$1");
    execute(
        url,
        "do $$ begin create role careful login password 'a&b%ü';"
            + " exception when duplicate_object then null; end $$");
    execute(url, "alter database " + database + " owner to careful");
    askForPassword(url);
    return url.replaceAll("\\?.*", "");
  }

  /** Puts one rule before those of the server's file, which trust everybody. */
  private static void askForPassword(String url) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet shown = statement.executeQuery("show hba_file")) {
      shown.next();
      Path file = Path.of(shown.getString(1));
      String rules = Files.readString(file);
      String rule = "host all careful all scram-sha-256\n";
      if (!rules.startsWith(rule)) {
        Files.writeString(file, rule + rules);
        execute(url, "select pg_reload_conf()");
      }
    } catch (SQLException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Runs a statement as the superuser. */
  public static void execute(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The one number that a query answers. */
  public static int queryInt(String url, String sql) {
    try (Connection connection = DriverManager.getConnection(url);
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      rows.next();
      return rows.getInt(1);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * A server of the caller's own, started, which can be stopped and started again.
   *
   * @param directory for its files
   */
  public static Own own(Path directory) throws IOException {
    url("postgres"); // where there is none for all, there is none here either
    return new Own(directory);
  }

  /** See {@link #own}. */
  public static final class Own {
    private final Path files;
    private final int port;
    private EmbeddedPostgres server;

    private Own(Path directory) throws IOException {
      files = directory.resolve("pg");
      server = builder().start();
      port = server.getPort();
    }

    private EmbeddedPostgres.Builder builder() {
      return EmbeddedPostgres.builder()
          .setDataDirectory(files)
          .setCleanDataDirectory(false)
          // What is committed outlives the server.
          .setServerConfig("synchronous_commit", "on");
    }

    public String url() {
      return server.getJdbcUrl("postgres", "postgres");
    }

    public void stop() throws IOException {
      server.close();
    }

    /** Stops the server without a checkpoint, as {@code pg_ctl stop -m immediate} does. */
    public void stopImmediately() throws IOException, InterruptedException {
      String pid = Files.readAllLines(files.resolve("postmaster.pid")).getFirst().strip();
      new ProcessBuilder("kill", "-QUIT", pid).inheritIO().start().waitFor();
      ProcessHandle.of(Long.parseLong(pid)).ifPresent(process -> process.onExit().join());
      server.close();
    }

    public void start() throws IOException {
      server = builder().setPort(port).start();
    }
  }

  private static String url(String database) {
    EmbeddedPostgres server = SERVER.server;
    if (server == null) {
      if (System.getenv("CI") != null) {
        throw new IllegalStateException("no PostgreSQL server starts here", SERVER.failure);
      }
      return Assumptions.abort("no PostgreSQL server starts here: " + SERVER.failure);
    }
    return server.getJdbcUrl("postgres", database);
  }
}
