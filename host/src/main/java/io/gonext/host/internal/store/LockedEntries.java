package io.gonext.host.internal.store;

import io.gonext.host.KeyValueQuota;
import io.gonext.host.internal.store.KeyValueStore.Outcome;
import io.gonext.host.internal.store.KeyValueStore.Result;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SequencedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The entries of one plugin, in a transaction that holds the lock on the plugin's row of usage.
 * Changes are made one after the other here, in memory, and written by {@link #write} together: a
 * group of changes takes as many statements as one change does, and leaves the same entries, ages
 * and usage behind as if each of them had been a transaction of its own.
 *
 * <p>For one thread, and only within its transaction.
 */
final class LockedEntries {
  /** The longest text of a number of 64 bits; what is longer is not fetched for an increment. */
  private static final int NUMBER_BYTES = 20;

  private static final Pattern NUMBER = Pattern.compile("-?[0-9]{1,19}");

  /** How many of the oldest entries are looked at in one query. */
  private static final int PAGE = 256;

  private final SqlDatabase database;
  private final Connection connection;
  private final String plugin;
  private final KeyValueQuota quota;

  /** The entries that the changes name, and those that went for them. */
  private final Map<String, Entry> known = new HashMap<>();

  /** Those written here, the one written longest ago first: younger than all in the database. */
  private final SequencedSet<String> fresh = new LinkedHashSet<>();

  private final Queue<Stored> oldest = new ArrayDeque<>();
  private long lookedAtUpTo;
  private long evictedUpTo;
  private boolean changed;
  private long bytes;
  private long entries;
  private long writes;

  /** An entry as the database has it. */
  private record Stored(String name, long size, long written) {}

  /** An entry as the changes leave it. */
  private static final class Entry {
    /** Whether the database has it, as it was or as it is. */
    boolean stored;

    boolean exists;
    boolean changed;

    /** Of key and value. */
    long size;

    /** Null where it is not there, or too long to be a number and not changed. */
    byte @Nullable [] content;

    /** The number of its last write. */
    long written;
  }

  /**
   * @param bytes what the plugin's entries take
   * @param entries how many they are
   * @param writes how often any of them was written
   */
  private LockedEntries(
      SqlDatabase database,
      Connection connection,
      String plugin,
      KeyValueQuota quota,
      long bytes,
      long entries,
      long writes) {
    this.database = database;
    this.connection = connection;
    this.plugin = plugin;
    this.quota = quota;
    this.bytes = bytes;
    this.entries = entries;
    this.writes = writes;
  }

  /** Waits for the lock, and takes it; null when the plugin has no row of usage. */
  static @Nullable LockedEntries lock(
      SqlDatabase database, Connection connection, String plugin, KeyValueQuota quota)
      throws SQLException {
    try (PreparedStatement select =
        KeyValueStore.prepare(
            database,
            connection,
            "select bytes, entries, writes from kv_usage where plugin = ? for update")) {
      select.setString(1, plugin);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next()
            ? new LockedEntries(
                database,
                connection,
                plugin,
                quota,
                rows.getLong(1),
                rows.getLong(2),
                rows.getLong(3))
            : null;
      }
    }
  }

  /** Reads what the database knows of the entries that are to be changed: before the first one. */
  void read(List<KeyValueChange> changes) throws SQLException {
    Object[] names = changes.stream().map(KeyValueChange::name).distinct().toArray();
    for (Object name : names) {
      known.put((String) name, new Entry());
    }
    try (PreparedStatement select =
        KeyValueStore.prepare(
            database,
            connection,
            "select name, octet_length(content),"
                + (" case when octet_length(content) <= " + NUMBER_BYTES + " then content end")
                + " from kv_entry where plugin = ? and name = any (?)")) {
      select.setString(1, plugin);
      select.setArray(2, connection.createArrayOf("varchar", names));
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          Entry entry = known(rows.getString(1));
          entry.stored = true;
          entry.exists = true;
          entry.size = size(rows.getString(1), rows.getLong(2));
          entry.content = rows.getBytes(3);
        }
      }
    }
  }

  /** Makes one of the changes that {@link #read} got, after those before it. */
  Result make(KeyValueChange change) throws SQLException {
    return switch (change) {
      case KeyValueChange.Set(String name, byte[] value) -> new Result(set(name, value), 0);
      case KeyValueChange.SetIfAbsent(String name, byte[] value) ->
          new Result(known(name).exists ? Outcome.EXISTS : set(name, value), 0);
      case KeyValueChange.Delete(String name) -> new Result(delete(name), 0);
      case KeyValueChange.Increment(String name, long delta) -> increment(name, delta);
    };
  }

  private Outcome set(String name, byte[] value) throws SQLException {
    long size = size(name, value.length);
    if (size > quota.maxBytes() || quota.maxKeys() < 1) {
      return Outcome.OVER_QUOTA;
    }
    Entry entry = known(name);
    bytes += size - (entry.exists ? entry.size : 0);
    entries += entry.exists ? 0 : 1;
    entry.exists = true;
    entry.changed = true;
    entry.size = size;
    entry.content = value;
    entry.written = ++writes;
    fresh.remove(name);
    fresh.addLast(name);
    changed = true;
    boolean another = true;
    while (another && (bytes > quota.maxBytes() || entries > quota.maxKeys())) {
      another = evictOldest();
    }
    return Outcome.DONE;
  }

  private Outcome delete(String name) {
    Entry entry = known(name);
    if (!entry.exists) {
      return Outcome.NOT_FOUND;
    }
    fresh.remove(name);
    drop(entry);
    return Outcome.DONE;
  }

  private Result increment(String name, long delta) throws SQLException {
    Entry entry = known(name);
    long sum;
    try {
      sum = Math.addExact(entry.exists ? number(entry.content) : 0, delta);
    } catch (ArithmeticException | NumberFormatException e) {
      return new Result(Outcome.NOT_A_NUMBER, 0);
    }
    Outcome outcome = set(name, Long.toString(sum).getBytes(StandardCharsets.US_ASCII));
    return new Result(outcome, outcome == Outcome.DONE ? sum : 0);
  }

  private void drop(Entry entry) {
    bytes -= entry.size;
    entries--;
    entry.exists = false;
    entry.changed = true;
    entry.content = null;
    changed = true;
  }

  /** Returns false when only the entry written last is left, which fits alone. */
  private boolean evictOldest() throws SQLException {
    for (Stored next = nextStored(); next != null; next = nextStored()) {
      Entry entry = known.get(next.name);
      if (entry == null) {
        bytes -= next.size;
        entries--;
        evictedUpTo = next.written;
        return true;
      }
      if (!entry.changed) {
        drop(entry);
        return true;
      }
      // This transaction wrote or deleted the entry, so the row in the database is out of date.
    }
    if (fresh.size() < 2) {
      return false;
    }
    drop(known(fresh.removeFirst()));
    return true;
  }

  private @Nullable Stored nextStored() throws SQLException {
    if (oldest.isEmpty()) {
      try (PreparedStatement select =
          KeyValueStore.prepare(
              database,
              connection,
              "select name, octet_length(content), written from kv_entry"
                  + " where plugin = ? and written > ? order by written limit ?")) {
        select.setString(1, plugin);
        select.setLong(2, lookedAtUpTo);
        select.setInt(3, PAGE);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            lookedAtUpTo = rows.getLong(3);
            String name = rows.getString(1);
            oldest.add(new Stored(name, size(name, rows.getLong(2)), lookedAtUpTo));
          }
        }
      }
    }
    return oldest.poll();
  }

  /** Writes what has changed, in the order of the names, with the plugin's usage. */
  void write() throws SQLException {
    if (!changed) {
      return;
    }
    var names = new TreeSet<>(known.keySet());
    names.removeIf(name -> !known(name).changed);
    // Update the rows that exist before deleting the oldest: an updated row is not old any more.
    each(
        "update kv_entry set content = ?, written = ? where plugin = ? and name = ?",
        names.stream().filter(name -> known(name).stored && known(name).exists).iterator(),
        this::bindContent);
    each(
        "insert into kv_entry (content, written, plugin, name) values (?, ?, ?, ?)",
        names.stream().filter(name -> !known(name).stored && known(name).exists).iterator(),
        this::bindContent);
    each(
        "delete from kv_entry where plugin = ? and name = ?",
        names.stream().filter(name -> known(name).stored && !known(name).exists).iterator(),
        (statement, name) -> {
          statement.setString(1, plugin);
          statement.setString(2, name);
        });
    if (evictedUpTo > 0) {
      try (PreparedStatement delete =
          KeyValueStore.prepare(
              database, connection, "delete from kv_entry where plugin = ? and written <= ?")) {
        delete.setString(1, plugin);
        delete.setLong(2, evictedUpTo);
        delete.executeUpdate();
      }
    }
    try (PreparedStatement update =
        KeyValueStore.prepare(
            database,
            connection,
            "update kv_usage set bytes = ?, entries = ?, writes = ? where plugin = ?")) {
      update.setLong(1, bytes);
      update.setLong(2, entries);
      update.setLong(3, writes);
      update.setString(4, plugin);
      update.executeUpdate();
    }
  }

  @FunctionalInterface
  private interface Binding {
    void bind(PreparedStatement statement, String name) throws SQLException;
  }

  private void bindContent(PreparedStatement statement, String name) throws SQLException {
    Entry entry = known(name);
    statement.setBytes(1, entry.content);
    statement.setLong(2, entry.written);
    statement.setString(3, plugin);
    statement.setString(4, name);
  }

  private void each(String sql, Iterator<String> names, Binding binding) throws SQLException {
    if (!names.hasNext()) {
      return;
    }
    try (PreparedStatement statement = KeyValueStore.prepare(database, connection, sql)) {
      while (names.hasNext()) {
        binding.bind(statement, names.next());
        statement.addBatch();
      }
      statement.executeBatch();
    }
  }

  private Entry known(String name) {
    Entry entry = known.get(name);
    if (entry == null) {
      throw new IllegalArgumentException("a change of another entry than those that were read");
    }
    return entry;
  }

  private static long size(String name, long valueLength) {
    return name.getBytes(StandardCharsets.UTF_8).length + valueLength;
  }

  private static long number(byte @Nullable [] value) {
    String text = value == null ? "" : new String(value, StandardCharsets.ISO_8859_1);
    if (!NUMBER.matcher(text).matches()) {
      throw new NumberFormatException(text);
    }
    return Long.parseLong(text);
  }
}
