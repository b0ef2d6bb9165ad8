package io.gonext.host.internal.store;

import io.gonext.host.KeyValueEntry;
import io.gonext.host.KeyValueQuota;
import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Entries of plugins: bytes by name, each plugin for itself. A change is committed when its method
 * returns. Changes of one plugin's entries take turns by a lock on its row of usage, so that
 * quotas, ages and increments are exact between threads and between processes alike; reads do not
 * wait.
 *
 * <p>Thread-safe. Changes must be made on threads that are never interrupted. An interrupt of a
 * read may cost it its connection, and nothing else.
 */
public final class KeyValueStore {
  private static final Logger log = LoggerFactory.getLogger(KeyValueStore.class);

  /** A statement that takes longer is given up, in seconds. */
  private static final int STATEMENT_SECONDS = 2;

  /** The class of SQLSTATE for violated constraints. */
  private static final String CONSTRAINT = "23";

  private final Transactions transactions;
  private final DataSource readers;
  private final SqlDatabase database;
  private final StoreHealth health;

  /**
   * Changes are made by threads that are never interrupted; see {@link Transactions}.
   *
   * @param readers see {@link SqlDatabase#readers}
   */
  KeyValueStore(
      DataSource connections, DataSource readers, SqlDatabase database, StoreHealth health) {
    this.transactions = new Transactions(connections, Runnable::run, health);
    this.readers = readers;
    this.database = database;
    this.health = health;
  }

  /** The result of a change. */
  public enum Outcome {
    DONE,
    NOT_FOUND,
    /** There is an entry of that name already; nothing was changed. */
    EXISTS,
    /** The entry alone exceeds the quota; nothing was changed. */
    OVER_QUOTA,
    /**
     * The entry is not a decimal number of 64 bits, or the result would not be; nothing was
     * changed.
     */
    NOT_A_NUMBER
  }

  /**
   * The result of a change.
   *
   * @param number the one after an increment that was made; 0 after anything else
   */
  public record Result(Outcome outcome, long number) {}

  /** What the entries of a plugin take. */
  public record Usage(long bytes, long entries) {}

  /**
   * The value of an entry.
   *
   * @throws StoreException when the database fails
   */
  public Optional<byte[]> get(String plugin, String name) {
    return Optional.ofNullable(read(plugin, name).run());
  }

  /** The read of an entry, which {@link Read#run} does. */
  public Read read(String plugin, String name) {
    return new Read(plugin, name);
  }

  /** One read, on the thread that runs it. Any other thread may cut it off. */
  public final class Read {
    private final String plugin;
    private final String name;

    /** What the read uses now. Guarded by this. */
    private @Nullable Connection connection;

    private volatile boolean cutOff;

    private Read(String plugin, String name) {
      this.plugin = plugin;
      this.name = name;
    }

    /**
     * Returns the value, or null if there is no such entry.
     *
     * @throws StoreException when the database fails, or the read is cut off
     */
    public byte @Nullable [] run() {
      try (Connection reader = readers.getConnection()) {
        begin(reader);
        byte[] value;
        try {
          value = content(reader, plugin, name);
        } finally {
          end();
        }
        if (cutOff) {
          // A connection that was closed fails here, and the pool does not keep it.
          reader.createStatement().close();
        }
        return value;
      } catch (SQLException e) {
        if (!cutOff && !Thread.currentThread().isInterrupted() && !isCrowded(e)) {
          health.failed(e);
        }
        throw new StoreException("an entry of " + plugin + " was not read: " + e.getMessage(), e);
      }
    }

    /** The pool had no connection in time, because other reads used all of them. */
    private static boolean isCrowded(SQLException e) {
      return e instanceof SQLTransientConnectionException && e.getCause() == null;
    }

    private synchronized void begin(Connection reader) throws SQLException {
      if (cutOff) {
        throw new SQLException("it was cut off");
      }
      connection = reader;
    }

    private synchronized void end() {
      connection = null;
    }

    /**
     * Makes the read end soon, where the database can: PostgreSQL's connection is closed. H2 ends a
     * read by itself once the disk has answered. May take the time of a few network packets.
     */
    public synchronized void cutOff() {
      cutOff = true;
      Connection now = connection;
      if (now != null) {
        try {
          database.abort(now);
        } catch (SQLException e) {
          log.debug("a read could not be cut off: {}", e.getMessage());
        }
      }
    }

    /** Whether it was cut off. */
    public boolean isCutOff() {
      return cutOff;
    }
  }

  /**
   * Makes changes of one plugin's entries in one transaction, one after the other in the order of
   * the list: all of them are made, or none. Where the quota is exceeded after one, the entries
   * that were not written for the longest time go.
   *
   * @return the result of each, in the same order
   * @throws StoreException when the database fails; {@link StoreException#isMaybeChanged()} says
   *     whether nothing was changed
   */
  public List<Result> change(String plugin, List<KeyValueChange> changes, KeyValueQuota quota) {
    List<Result> made = tryChange(plugin, changes, quota);
    if (made == null) {
      // A separate transaction, which fails as a whole when another process inserts the row first.
      addUsage(plugin);
      made = tryChange(plugin, changes, quota);
    }
    if (made == null) {
      throw new StoreException("no plugin named " + plugin + " is installed", null);
    }
    return made;
  }

  /** Null when the plugin has no row of usage. */
  private @Nullable List<Result> tryChange(
      String plugin, List<KeyValueChange> changes, KeyValueQuota quota) {
    return this.<@Nullable List<Result>>run(connection -> {
      LockedEntries entries = LockedEntries.lock(database, connection, plugin, quota);
      if (entries == null) {
        return null;
      }
      entries.read(changes);
      List<Result> made = new ArrayList<>(changes.size());
      for (KeyValueChange change : changes) {
        made.add(entries.make(change));
      }
      entries.write();
      return made;
    });
  }

  /** What the entries of a plugin take now. */
  public Usage usage(String plugin) {
    return transactions.read(
        limited(connection -> {
          try (PreparedStatement select =
              prepare(connection, "select bytes, entries from kv_usage where plugin = ?")) {
            select.setString(1, plugin);
            try (ResultSet rows = select.executeQuery()) {
              return rows.next() ? new Usage(rows.getLong(1), rows.getLong(2)) : new Usage(0, 0);
            }
          }
        }));
  }

  /**
   * Entries of a plugin by name, those after a name.
   *
   * @throws StoreException when the database fails
   */
  public List<KeyValueEntry> list(String plugin, String after, int limit) {
    return transactions.read(
        limited(connection -> {
          try (PreparedStatement select =
              prepare(
                  connection,
                  "select name, octet_length(content) from kv_entry where plugin = ? and name > ?"
                      + " order by name limit ?")) {
            select.setString(1, plugin);
            select.setString(2, after);
            select.setInt(3, limit);
            List<KeyValueEntry> entries = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
              while (rows.next()) {
                entries.add(new KeyValueEntry(rows.getString(1), rows.getLong(2)));
              }
            }
            return entries;
          }
        }));
  }

  private void addUsage(String plugin) {
    try {
      run(connection -> {
        // The lock on the row prevents that the plugin is uninstalled meanwhile.
        try (PreparedStatement select =
                prepare(connection, "select 1 from plugin where name = ? for update");
            PreparedStatement insert =
                prepare(
                    connection,
                    "insert into kv_usage (plugin, bytes, entries, writes) values (?, 0, 0,"
                        + " 0)")) {
          select.setString(1, plugin);
          try (ResultSet found = select.executeQuery()) {
            if (!found.next()) {
              return 0;
            }
          }
          insert.setString(1, plugin);
          return insert.executeUpdate();
        }
      });
    } catch (StoreException e) {
      // A violated constraint means that another process has added the row. The caller tries again.
      if (!(e.getCause() instanceof SQLException failure)
          || failure.getSQLState() == null
          || !failure.getSQLState().startsWith(CONSTRAINT)) {
        throw e;
      }
    }
  }

  private static byte @Nullable [] content(Connection connection, String plugin, String name)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select content from kv_entry where plugin = ? and name = ?")) {
      select.setString(1, plugin);
      select.setString(2, name);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? rows.getBytes(1) : null;
      }
    }
  }

  /** With the limit of time that every statement of a change has. */
  private PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    return prepare(database, connection, sql);
  }

  /** With the limit of time that every statement of a change has. */
  static PreparedStatement prepare(SqlDatabase database, Connection connection, String sql)
      throws SQLException {
    return database.prepare(connection, sql, STATEMENT_SECONDS);
  }

  private <R extends @Nullable Object> R run(Transactions.Work<R> work) {
    return transactions.run(limited(work));
  }

  private <R extends @Nullable Object> Transactions.Work<R> limited(Transactions.Work<R> work) {
    return connection -> {
      try {
        return work.run(connection);
      } finally {
        // The connection goes back to the pool.
        database.unlimit(connection);
      }
    };
  }
}
