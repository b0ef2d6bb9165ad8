package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
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

  private final Flyway flyway;

  /** The database that the connections lead to. */
  Schema(DataSource connections, SqlDatabase database) {
    this(connections, database, LOCATION);
  }

  /** For tests: with migrations from another place. */
  Schema(DataSource connections, SqlDatabase database, String location) {
    // Not with the loader of the thread, which Flyway would keep when an application has ended.
    this.flyway =
        Flyway.configure(Schema.class.getClassLoader())
            .dataSource(connections)
            .locations("classpath:" + location)
            .placeholders(Map.of("blob", database.blobType()))
            .loggers("slf4j")
            .load();
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
    MigrationInfoService migrations = flyway.info();
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
    MigrateResult done;
    try {
      done = flyway.migrate();
    } catch (FlywayException e) {
      throw lacksMigrations() ? missing() : e;
    }
    if (done.migrationsExecuted == 0 && lacksMigrations()) {
      throw missing();
    }
  }

  private boolean lacksMigrations() {
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
