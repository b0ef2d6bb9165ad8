package io.gonext.host.store;

import com.zaxxer.hikari.HikariConfig;
import io.gonext.host.failure.StoreException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;

/** H2 in a file of the data directory. */
final class EmbeddedDatabase extends Database {
  private static final int CONNECTIONS = 4;

  @Override
  HikariConfig pool(Path directory) {
    HikariConfig config = new HikariConfig();
    // Writes are on disk when a commit returns (WRITE_DELAY 0); the host closes the database
    // itself.
    config.setJdbcUrl(
        "jdbc:h2:file:"
            + directory.toAbsolutePath().resolve("gonext").toString().replace("\\", "/")
            + ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0");
    config.setMaximumPoolSize(CONNECTIONS);
    return config;
  }

  @Override
  String blobType() {
    return "blob";
  }

  @Override
  boolean isShared() {
    return false;
  }

  @Override
  void announce(Connection transaction, String plugin) {
    // There is nobody else.
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
