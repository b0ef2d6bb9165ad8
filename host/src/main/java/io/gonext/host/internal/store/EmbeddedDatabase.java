package io.gonext.host.internal.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import io.gonext.host.StoreException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import javax.sql.DataSource;
import org.h2.api.ErrorCode;
import org.h2.engine.SessionLocal;
import org.h2.message.DbException;

/**
 * H2 in a file of the data directory.
 *
 * <p>Invariant: the file is whole from the moment that it is there. It is made, and brought up to
 * date, under another name, and then takes its place at once; so a file that is empty was damaged.
 */
final class EmbeddedDatabase extends SqlDatabase {
  private static final int CONNECTIONS = 8;

  /** How often the host tries to change the definitions. */
  private static final int DEFINE_ATTEMPTS = 5;

  private static final String NAME = "gonext";

  /** Where a file is made before it takes its place. */
  private static final String NEW_NAME = NAME + ".new";

  private static final String SUFFIX = ".mv.db";

  // DB_CLOSE_ON_EXIT: the host closes the database itself.
  // WRITE_DELAY: a commit is written before it returns.
  // ANALYZE_AUTO: H2 2.4.240 gathers statistics outside of a transaction, and may then read a
  // page whose space is already reused.
  // QUERY_CACHE_SIZE: a change of key-value entries has more statements than the default of 8.
  // TRACE_LEVEL_FILE: the trace file contains statements, and H2 leaves it open on a full disk.
  private static final String SETTINGS =
      ";DB_CLOSE_ON_EXIT=FALSE;WRITE_DELAY=0;ANALYZE_AUTO=0;QUERY_CACHE_SIZE=64;TRACE_LEVEL_FILE=0";

  private final StoreFiles.Opening opening;

  EmbeddedDatabase() {
    this(SteadyFile::new);
  }

  /**
   * @param opening opens files, which a test can make fail
   */
  EmbeddedDatabase(StoreFiles.Opening opening) {
    this.opening = opening;
  }

  @Override
  HikariDataSource connect(Path directory, String name) {
    Path file = directory.resolve(NAME + SUFFIX);
    try {
      if (Files.notExists(file)) {
        HostKey.requireNone(directory, file + " is missing");
        replace(directory, OwnersFile::create);
      } else if (Files.size(file) == 0) {
        throw damaged(file);
      }
      OwnersFile.keep(file);
      OwnersFile.keep(directory.resolve(NAME + ".trace.db"));
      HikariDataSource pool = open(directory, NAME, name);
      Schema.State state = stateOf(pool);
      if (state == Schema.State.CURRENT) {
        return pool;
      }
      pool.close();
      if (state == Schema.State.NONE) {
        throw damaged(file);
      }
      replace(
          directory,
          aside -> {
            OwnersFile.create(aside);
            Files.copy(file, aside, StandardCopyOption.REPLACE_EXISTING);
            OwnersFile.keep(aside);
          });
      return open(directory, NAME, name);
    } catch (IOException e) {
      throw new StoreException(file + " cannot be read or written: " + e.getMessage(), e);
    }
  }

  private Schema.State stateOf(HikariDataSource pool) {
    boolean read = false;
    try {
      Schema.State state = new Schema(pool, this).state();
      read = true;
      return state;
    } finally {
      if (!read) {
        pool.close();
      }
    }
  }

  private static StoreException damaged(Path file) {
    return new StoreException(
        file
            + " is empty, what it held is gone: put a backup in its place, or delete it and "
            + HostKey.FILE
            + " to begin with an empty store",
        null);
  }

  @FunctionalInterface
  private interface Making {
    void make(Path file) throws IOException;
  }

  /** Makes a file, brings it up to date and puts it where the store's is. */
  private void replace(Path directory, Making making) throws IOException {
    Path aside = directory.resolve(NEW_NAME + SUFFIX);
    Files.deleteIfExists(aside); // of a start that was killed
    making.make(aside);
    try (EmbeddedPool pool = open(directory, NEW_NAME, "gonext-store-new")) {
      migrate(pool, directory);
    }
    try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.move(
        aside,
        directory.resolve(NAME + SUFFIX),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  private void migrate(EmbeddedPool pool, Path directory) {
    try {
      new Schema(pool, this).migrate();
    } catch (RuntimeException e) {
      IOException why = pool.source().writeFailure();
      throw why == null ? e : cannotWrite(directory, why, e);
    }
  }

  private static StoreException cannotWrite(Path directory, IOException why, Exception failure) {
    return new StoreException(
        "the store in "
            + directory
            + " cannot be written ("
            + why.getMessage()
            + "): see to the disk and start again",
        failure);
  }

  private EmbeddedPool open(Path directory, String database, String name) {
    Path file = directory.resolve(database + SUFFIX);
    EmbeddedSource source =
        new EmbeddedSource(
            directory.resolve(database), SETTINGS, () -> new StoreFiles(file, opening));
    HikariConfig config = new HikariConfig();
    config.setMaximumPoolSize(CONNECTIONS);
    config.setPoolName(name);
    boolean opened = false;
    try {
      source.openNow();
      EmbeddedPool pool = new EmbeddedPool(config, source, file);
      opened = true;
      return pool;
    } catch (SQLException e) {
      IOException why = source.writeFailure();
      throw why == null ? cannotOpen(e, directory) : cannotWrite(directory, why, e);
    } finally {
      if (!opened) {
        closeQuietly(source);
      }
    }
  }

  private static void closeQuietly(EmbeddedSource source) {
    try {
      source.close();
    } catch (SQLException e) {
      // The caller gets the failure before this one.
    }
  }

  @Override
  HikariDataSource readers(HikariDataSource store) {
    HikariConfig config = readerConfig();
    config.setConnectionInitSql("set query_timeout " + READ_MILLIS);
    return new EmbeddedConnections(
        config, ((EmbeddedPool) store).source(), Duration.ofMillis(READ_MILLIS));
  }

  @Override
  PreparedStatement prepare(Connection connection, String sql, int seconds) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    H2Session.of(connection).setQueryTimeout(seconds * 1_000);
    return statement;
  }

  @Override
  void unlimit(Connection connection) throws SQLException {
    H2Session.of(connection).setQueryTimeout(0);
  }

  /** A read of one row waits for the disk alone. */
  @Override
  void abort(Connection reader) {
    // Nothing can end that wait.
  }

  @Override
  String blobType() {
    // Not a BLOB: a process killed during the insert of a BLOB lost changes committed before it.
    return "bytea";
  }

  @Override
  boolean isShared() {
    return false;
  }

  @Override
  void announce(Connection transaction, String plugin) {
    // No other host uses this database.
  }

  /** A commit of H2, also with WRITE_DELAY 0, may be in the operating system's cache only. */
  @Override
  void settle(DataSource connections) throws SQLException {
    try (Connection connection = connections.getConnection()) {
      connections.unwrap(EmbeddedPool.class).flush(connection);
    }
  }

  /** A user without admin rights owns the schema; a second one may only read there. */
  @Override
  void createUser(Connection admin, PluginLogin login) throws SQLException {
    dropUser(admin, login);
    setPassword(admin, login);
  }

  /**
   * H2 commits each of these statements, so a process that was killed may have left some undone.
   */
  @Override
  void setPassword(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      for (String user : List.of(login.user(), login.reader())) {
        String password = "password '" + login.password() + "'";
        define(statement, "create user if not exists " + user + " " + password);
        define(statement, "alter user " + user + " set " + password);
      }
    }
    createSchema(admin, login);
  }

  @Override
  void createSchema(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      define(
          statement,
          "create schema if not exists " + login.schema() + " authorization " + login.user());
      define(statement, "grant select on schema " + login.schema() + " to " + login.reader());
    }
  }

  /** Waits longer than one time limit for the definitions, which a plugin's change may hold. */
  private static void define(Statement statement, String sql) throws SQLException {
    for (int attempt = 1; ; attempt++) {
      try {
        statement.execute(sql);
        return;
      } catch (SQLException e) {
        if (e.getErrorCode() != ErrorCode.LOCK_TIMEOUT_1 || attempt == DEFINE_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  @Override
  void dropUser(Connection admin, PluginLogin login) throws SQLException {
    try (Statement statement = admin.createStatement()) {
      define(statement, "drop schema if exists " + login.schema() + " cascade");
      for (String user : List.of(login.user(), login.reader())) {
        define(statement, "drop user if exists " + user);
      }
    }
  }

  @Override
  Connection connectAs(DataSource store, PluginLogin login, PluginDatabases.Access access)
      throws SQLException {
    Connection connection =
        store
            .unwrap(EmbeddedPool.class)
            .connectAs(
                access == PluginDatabases.Access.READ ? login.reader() : login.user(),
                login.password());
    boolean ready = false;
    try {
      H2Session.of(connection).setCurrentSchemaName(login.schema().toUpperCase(Locale.ROOT));
      ready = true;
      return connection;
    } catch (DbException e) {
      throw e.getSQLException();
    } finally {
      if (!ready) {
        connection.close();
      }
    }
  }

  @Override
  void endSession(Connection admin, Connection plugin) throws SQLException {
    SessionLocal session = H2Session.ifOpen(plugin);
    if (session == null) {
      return; // it ended by itself
    }
    try (PreparedStatement end = admin.prepareStatement("call abort_session(?)")) {
      end.setInt(1, session.getId());
      end.execute();
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
