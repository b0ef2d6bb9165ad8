package io.gonext.host.store;

import io.gonext.host.failure.StoreException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Entries of plugins: bytes by name, each plugin for itself. A change is committed when its method
 * returns. Changes of one plugin's entries take turns by a lock on its row of usage, so that
 * quotas, ages and increments are exact between threads and between processes alike; reads wait for
 * nobody.
 *
 * <p>Thread-safe. To be called on threads that nobody interrupts: an interrupt in the middle of a
 * read would close the embedded database's file.
 */
public final class KeyValueStore {
  /** A statement that takes longer is given up, in seconds. */
  private static final int STATEMENT_SECONDS = 2;

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,19}");

  /** The class of SQLSTATE for violated constraints. */
  private static final String CONSTRAINT = "23";

  private final Transactions transactions;

  /** Its callers are threads that nobody interrupts; see {@link Transactions}. */
  KeyValueStore(DataSource connections) {
    this.transactions = new Transactions(connections, Runnable::run);
  }

  /** What became of a change. */
  public enum Outcome {
    DONE,
    NOT_FOUND,
    /** The entry alone is more than the quota; nothing was changed. */
    OVER_QUOTA,
    /** The entry is no decimal number of 64 bits, or would be none; nothing was changed. */
    NOT_A_NUMBER
  }

  /** What became of an increment, and the number after it. */
  public record Increment(Outcome outcome, long number) {}

  /** What the entries of a plugin take. */
  public record Usage(long bytes, long entries) {}

  /**
   * The value of an entry.
   *
   * @throws StoreException when the database fails
   */
  public Optional<byte[]> get(String plugin, String name) {
    return run(connection -> Optional.ofNullable(content(connection, plugin, name)));
  }

  /**
   * Writes an entry, in the place of the one of that name. Where the quota is exceeded then, the
   * entries that were not written for the longest time go.
   *
   * @throws StoreException when the database fails; nothing was changed
   */
  public Outcome set(String plugin, String name, byte[] value, KeyValueQuota quota) {
    return change(plugin, (connection, turn) -> write(connection, turn, name, value, quota));
  }

  /** Deletes an entry; see {@link #set}. */
  public Outcome delete(String plugin, String name) {
    return change(
        plugin,
        (connection, turn) -> {
          byte[] old = content(connection, plugin, name);
          if (old == null) {
            return Outcome.NOT_FOUND;
          }
          try (PreparedStatement delete =
              prepare(connection, "delete from kv_entry where plugin = ? and name = ?")) {
            delete.setString(1, plugin);
            delete.setString(2, name);
            delete.executeUpdate();
          }
          turn.bytes -= size(name, old.length);
          turn.entries--;
          return Outcome.DONE;
        });
  }

  /** Adds to an entry that holds a decimal number; one that is not there holds 0. */
  public Increment increment(String plugin, String name, long delta, KeyValueQuota quota) {
    return change(
        plugin,
        (connection, turn) -> {
          byte[] old = content(connection, plugin, name);
          long sum;
          try {
            sum = Math.addExact(old == null ? 0 : number(old), delta);
          } catch (ArithmeticException | NumberFormatException e) {
            return new Increment(Outcome.NOT_A_NUMBER, 0);
          }
          byte[] value = Long.toString(sum).getBytes(StandardCharsets.US_ASCII);
          return new Increment(write(connection, turn, name, value, quota), sum);
        });
  }

  /** What the entries of a plugin take now. */
  public Usage usage(String plugin) {
    return run(connection -> {
      Turn turn = turn(connection, plugin, "");
      return turn == null ? new Usage(0, 0) : new Usage(turn.bytes, turn.entries);
    });
  }

  /** A plugin's row of usage while it is locked; written back when the change is made. */
  private static final class Turn {
    final String plugin;
    long bytes;
    long entries;
    long writes;

    Turn(String plugin, long bytes, long entries, long writes) {
      this.plugin = plugin;
      this.bytes = bytes;
      this.entries = entries;
      this.writes = writes;
    }
  }

  @FunctionalInterface
  private interface Change<R> {
    R make(Connection connection, Turn turn) throws SQLException;
  }

  private <R> R change(String plugin, Change<R> change) {
    R made = tryChange(plugin, change);
    if (made == null) {
      // In a transaction of its own: where another process is first, this one fails as a whole.
      addUsage(plugin);
      made = tryChange(plugin, change);
    }
    if (made == null) {
      throw new StoreException("no plugin named " + plugin + " is installed", null);
    }
    return made;
  }

  /** Null when the plugin has no row of usage. */
  private <R> @Nullable R tryChange(String plugin, Change<R> change) {
    return this.<@Nullable R>run(connection -> {
      Turn turn = turn(connection, plugin, " for update");
      if (turn == null) {
        return null;
      }
      R made = change.make(connection, turn);
      try (PreparedStatement update =
          prepare(
              connection,
              "update kv_usage set bytes = ?, entries = ?, writes = ? where plugin = ?")) {
        update.setLong(1, turn.bytes);
        update.setLong(2, turn.entries);
        update.setLong(3, turn.writes);
        update.setString(4, plugin);
        update.executeUpdate();
      }
      return made;
    });
  }

  private void addUsage(String plugin) {
    try {
      run(connection -> {
        // The row is locked, so that the plugin is there for as long as this takes.
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
      // Someone else has added it just now: the next look tells.
      if (!(e.getCause() instanceof SQLException failure)
          || failure.getSQLState() == null
          || !failure.getSQLState().startsWith(CONSTRAINT)) {
        throw e;
      }
    }
  }

  private static @Nullable Turn turn(Connection connection, String plugin, String lock)
      throws SQLException {
    try (PreparedStatement select =
        prepare(
            connection, "select bytes, entries, writes from kv_usage where plugin = ?" + lock)) {
      select.setString(1, plugin);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? new Turn(plugin, rows.getLong(1), rows.getLong(2), rows.getLong(3))
            : null;
      }
    }
  }

  private static byte @Nullable [] content(Connection connection, String plugin, String name)
      throws SQLException {
    try (PreparedStatement select =
        prepare(connection, "select content from kv_entry where plugin = ? and name = ?")) {
      select.setString(1, plugin);
      select.setString(2, name);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next() ? rows.getBytes(1) : null;
      }
    }
  }

  private static Outcome write(
      Connection connection, Turn turn, String name, byte[] value, KeyValueQuota quota)
      throws SQLException {
    long size = size(name, value.length);
    if (size > quota.maxBytes() || quota.maxKeys() < 1) {
      return Outcome.OVER_QUOTA;
    }
    byte[] old = content(connection, turn.plugin, name);
    turn.writes++;
    try (PreparedStatement write =
        prepare(
            connection,
            old == null
                ? "insert into kv_entry (content, written, plugin, name) values (?, ?, ?, ?)"
                : "update kv_entry set content = ?, written = ? where plugin = ? and name = ?")) {
      write.setBytes(1, value);
      write.setLong(2, turn.writes);
      write.setString(3, turn.plugin);
      write.setString(4, name);
      write.executeUpdate();
    }
    turn.bytes += size - (old == null ? 0 : size(name, old.length));
    turn.entries += old == null ? 1 : 0;
    if (turn.bytes > quota.maxBytes() || turn.entries > quota.maxKeys()) {
      evict(connection, turn, quota);
    }
    return Outcome.DONE;
  }

  /** Deletes from the oldest on until the rest fits; the youngest, just written, fits alone. */
  private static void evict(Connection connection, Turn turn, KeyValueQuota quota)
      throws SQLException {
    long newestEvicted = 0;
    try (PreparedStatement oldest =
        prepare(
            connection,
            "select name, octet_length(content), written from kv_entry where plugin = ?"
                + " order by written")) {
      oldest.setString(1, turn.plugin);
      try (ResultSet rows = oldest.executeQuery()) {
        while ((turn.bytes > quota.maxBytes() || turn.entries > quota.maxKeys()) && rows.next()) {
          turn.bytes -= size(rows.getString(1), rows.getLong(2));
          turn.entries--;
          newestEvicted = rows.getLong(3);
        }
      }
    }
    try (PreparedStatement delete =
        prepare(connection, "delete from kv_entry where plugin = ? and written <= ?")) {
      delete.setString(1, turn.plugin);
      delete.setLong(2, newestEvicted);
      delete.executeUpdate();
    }
  }

  private static long size(String name, long valueLength) {
    return name.getBytes(StandardCharsets.UTF_8).length + valueLength;
  }

  private static long number(byte[] value) {
    String text = new String(value, StandardCharsets.ISO_8859_1);
    if (!NUMBER.matcher(text).matches()) {
      throw new NumberFormatException(text);
    }
    return Long.parseLong(text);
  }

  private static PreparedStatement prepare(Connection connection, String sql) throws SQLException {
    PreparedStatement statement = connection.prepareStatement(sql);
    statement.setQueryTimeout(STATEMENT_SECONDS);
    return statement;
  }

  private <R extends @Nullable Object> R run(Transactions.Work<R> work) {
    return transactions.run(connection -> {
      try {
        return work.run(connection);
      } finally {
        // To H2 the limit is the connection's, which goes back to the pool.
        try (Statement any = connection.createStatement()) {
          any.setQueryTimeout(0);
        }
      }
    });
  }
}
