package io.gonext.host.internal.store;

import java.util.Map;
import javax.sql.DataSource;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.MigrationInfoService;

/** The tables of a store, which Flyway brings up to date. */
final class Schema {
  private final Flyway flyway;

  /** The database that the connections lead to. */
  Schema(DataSource connections, SqlDatabase database) {
    this.flyway =
        Flyway.configure()
            .dataSource(connections)
            .locations("classpath:io/gonext/host/internal/store")
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
    if (migrations.current() == null) {
      return State.NONE;
    }
    return migrations.pending().length == 0 ? State.CURRENT : State.BEHIND;
  }

  /**
   * Brings it up to date.
   *
   * @throws org.flywaydb.core.api.FlywayException when it is not of this kind, or newer
   */
  void migrate() {
    flyway.migrate();
  }
}
