package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.flywaydb.core.api.MigrationInfoService;
import org.flywaydb.core.api.output.MigrateResult;

/** The tables of a store, which Flyway brings up to date. */
final class Schema {
  private static final String LOCATION = "io/gonext/host/internal/store";

  /** The version of the newest file there. */
  static final int NEWEST = 13;

  private static final String HISTORY =
      "SELECT \"version\", \"success\" FROM \"flyway_schema_history\"";

  private final DataSource connections;
  private final SqlDatabase database;
  private final String location;

  /** The database that the connections lead to. */
  Schema(DataSource connections, SqlDatabase database) {
    this(connections, database, LOCATION);
  }

  /** For tests: with migrations from another place. */
  Schema(DataSource connections, SqlDatabase database, String location) {
    this.connections = connections;
    this.database = database;
    this.location = location;
  }

  private Flyway flyway() {
    // Not with the loader of the thread, which Flyway would keep when an application has ended.
    return Flyway.configure(Schema.class.getClassLoader())
        .dataSource(connections)
        .locations("classpath:" + location)
        .placeholders(Map.of("blob", database.blobType()))
        .loggers("slf4j")
        .load();
  }

  /**
   * Whether the history says that all was done. Flyway would find the same, but takes a fifth of a
   * host's start for it. What this cannot read, is newer or has failed is for Flyway to tell.
   */
  private boolean isDone() {
    if (!location.equals(LOCATION)) {
      return false;
    }
    boolean newest = false;
    try (Connection connection = connections.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(HISTORY)) {
      while (rows.next()) {
        // There is none where Flyway notes that it made the schema.
        String version = rows.getString(1);
        if (!rows.getBoolean(2) || (version != null && Integer.parseInt(version) > NEWEST)) {
          return false;
        }
        newest |= Integer.toString(NEWEST).equals(version);
      }
    } catch (SQLException | NumberFormatException e) {
      return false;
    }
    return newest;
  }

  /** What {@link #migrate} would do. */
  enum State {
    /** It would make all tables. */
    NONE,
    /** It would bring those that are there up to date. */
    BEHIND,
    /** It would change nothing. */
    CURRENT
  }

  State state() {
    if (isDone()) {
      return State.CURRENT;
    }
    MigrationInfoService migrations = flyway().info();
    if (isEmpty(migrations)) {
      throw missing();
    }
    if (migrations.current() == null) {
      return State.NONE;
    }
    return migrations.pending().length == 0 ? State.CURRENT : State.BEHIND;
  }

  /**
   * Brings it up to date.
   *
   * @throws FlywayException when it is not of this kind, or newer
   * @throws StoreException when the program does not contain the migrations
   */
  void migrate() {
    if (isDone()) {
      return;
    }
    Flyway flyway = flyway();
    MigrateResult done;
    try {
      done = flyway.migrate();
    } catch (FlywayException e) {
      throw lacksMigrations(flyway) ? missing() : e;
    }
    if (done.migrationsExecuted == 0 && lacksMigrations(flyway)) {
      throw missing();
    }
  }

  private static boolean lacksMigrations(Flyway flyway) {
    try {
      return isEmpty(flyway.info());
    } catch (FlywayException e) {
      return false; // the database is what fails
    }
  }

  private static boolean isEmpty(MigrationInfoService migrations) {
    return Stream.of(migrations.all()).noneMatch(each -> each.getState().isResolved());
  }

  /** Without this, Flyway and we would blame the database. */
  private static StoreException missing() {
    return new StoreException(
        "this program lacks the files "
            + LOCATION
            + "/V*.sql, which make the store's tables: a jar that was repacked must keep them, and"
            + " an entry for each of its directories",
        null);
  }
}
