package io.gonext.host.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.failure.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import javax.sql.DataSource;

/** H2 in a file of the data directory. */
final class EmbeddedDatabase extends Database {
  private static final int CONNECTIONS = 8;

  @Override
  HikariDataSource connect(Path directory, String name) {
    HikariConfig config = new HikariConfig();
    // The host closes the database itself.
    config.setJdbcUrl(
        "jdbc:h2:file:"
            + directory.toAbsolutePath().resolve("gonext").toString().replace("\\", "/")
            + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;RETENTION_TIME=0;ANALYZE_AUTO=0");
    config.setMaximumPoolSize(CONNECTIONS);
    // After a write that failed, for want of space for instance, H2 has closed the database, and it
    // is opened again by the first new connection: those of before must go.
    config.setExceptionOverride(new ClosedDatabase());
    config.setConnectionTestQuery("select 1");
    config.setPoolName(name);
    return new EmbeddedPool(config, directory.resolve("gonext.mv.db"));
  }

  @Override
  String blobType() {
    // Not a BLOB: killed while one was being inserted, H2 lost what was committed before.
    return "bytea";
  }

  @Override
  boolean isShared() {
    return false;
  }

  @Override
  void announce(Connection transaction, String plugin) {
    // There is nobody else.
  }

  /** A commit of H2, also with WRITE_DELAY 0, may be in the operating system's cache only. */
  @Override
  void settle(DataSource connections) throws SQLException {
    try (Connection connection = connections.getConnection()) {
      connections.unwrap(EmbeddedPool.class).flush(connection);
    }
  }

  @Override
  Announcements listen() {
    return Announcements.none();
  }

  @Override
  StoreException cannotOpen(SQLException failure, Path directory) {
    return new StoreException(
        "the store in " + directory + " cannot be opened: " + failure.getMessage(), failure);
  }

  @Override
  public String toString() {
    return "embedded";
  }
}
