package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BinaryOperator;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The encrypted secrets of plugins. Nothing here can read them.
 *
 * <p>Thread-safe, also between processes on one database.
 */
public final class SecretStore {
  private final Transactions transactions;
  private final SqlDatabase database;

  SecretStore(Transactions transactions, SqlDatabase database) {
    this.transactions = transactions;
    this.database = database;
  }

  /**
   * What is stored for one plugin.
   *
   * @param dataKey wrapped by the master key; null before the first secret
   * @param contents encrypted, by name
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
  public record Sealed(byte @Nullable [] dataKey, Map<String, byte[]> contents) {}

  /**
   * The secrets of a plugin; none if it is not installed.
   *
   * @throws StoreException when the database fails
   */
  public Sealed read(String plugin) {
    return transactions.run(connection -> {
      Map<String, byte[]> contents = new TreeMap<>();
      try (PreparedStatement select =
          connection.prepareStatement("select name, content from secret where plugin = ?")) {
        select.setString(1, plugin);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            contents.put(rows.getString(1), rows.getBytes(2));
          }
        }
      }
      return new Sealed(dataKey(connection, plugin), contents);
    });
  }

  /**
   * When each secret of a plugin was last set, by name.
   *
   * @throws StoreException when the database fails
   */
  public Map<String, Instant> setAt(String plugin) {
    return transactions.run(connection -> {
      Map<String, Instant> times = new TreeMap<>();
      try (PreparedStatement select =
          connection.prepareStatement("select name, set_at from secret where plugin = ?")) {
        select.setString(1, plugin);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            times.put(rows.getString(1), rows.getTimestamp(2).toInstant());
          }
        }
      }
      return times;
    });
  }

  /**
   * Sets a secret.
   *
   * @param fresh a wrapped data key, for a plugin that has none
   * @param encrypt makes the content from the wrapped data key that the plugin has
   * @param check a known text encrypted with the master key, for a database that has none
   * @param mayWrite whether the caller has the master key with which the check was made, if there
   *     is one
   * @return false if the plugin is not installed; nothing is stored then
   * @throws StoreException when the database fails or the master key is another; nothing is stored
   *     then
   */
  public boolean set(
      String plugin,
      String name,
      byte[] fresh,
      UnaryOperator<byte[]> encrypt,
      byte[] check,
      Predicate<byte[]> mayWrite) {
    return transactions.runDurably(
        database,
        connection -> {
          if (!count(connection, plugin)) {
            return false;
          }
          byte[] known = check(connection, true);
          if (known == null) {
            insert(connection, "insert into master_key_check (id, content) values (1, ?)", check);
          } else if (!mayWrite.test(known)) {
            throw new StoreException(
                "the secrets of this database are encrypted with another master key", null);
          }
          byte[] dataKey = dataKey(connection, plugin);
          if (dataKey == null) {
            dataKey = fresh;
            insert(
                connection,
                "insert into secret_data_key (wrapped, plugin) values (?, ?)",
                fresh,
                plugin);
          }
          delete(connection, plugin, name);
          insert(
              connection,
              "insert into secret (content, plugin, name) values (?, ?, ?)",
              encrypt.apply(dataKey),
              plugin,
              name);
          database.announce(connection, plugin);
          return true;
        });
  }

  /**
   * Deletes a secret.
   *
   * @return false if there was none
   * @throws StoreException when the database fails; nothing is deleted then
   */
  public boolean delete(String plugin, String name) {
    return transactions.runDurably(
        database,
        connection -> {
          if (!count(connection, plugin) || !delete(connection, plugin, name)) {
            return false;
          }
          database.announce(connection, plugin);
          return true;
        });
  }

  /**
   * A known text, encrypted with the master key in use; empty before the first secret.
   *
   * @throws StoreException when the database fails
   */
  public Optional<byte[]> masterKeyCheck() {
    return transactions.run(connection -> Optional.ofNullable(check(connection, false)));
  }

  /**
   * Wraps the data keys of all plugins anew, all or none. Deletes the recent inputs, which are
   * encrypted with the master key itself; hosts store them again.
   *
   * @param rewrap gets a plugin's name as UTF-8 and its wrapped data key, and returns it wrapped
   *     with another master key
   * @param check the known text, encrypted with the other master key
   * @return the plugins that have a data key, sorted
   * @throws StoreException when the database fails; nothing is changed then
   */
  public List<String> rewrap(BinaryOperator<byte[]> rewrap, byte[] check) {
    return transactions.runDurably(
        database,
        connection -> {
          if (check(connection, true) == null) {
            RecentInputStore.deleteAll(connection);
            insert(connection, "insert into master_key_check (id, content) values (1, ?)", check);
            return List.of();
          }
          Map<String, byte[]> keys = new TreeMap<>();
          try (PreparedStatement select =
                  connection.prepareStatement(
                      "select plugin, wrapped from secret_data_key for update");
              ResultSet rows = select.executeQuery()) {
            while (rows.next()) {
              keys.put(rows.getString(1), rows.getBytes(2));
            }
          }
          for (Map.Entry<String, byte[]> key : keys.entrySet()) {
            byte[] plugin = key.getKey().getBytes(StandardCharsets.UTF_8);
            insert(
                connection,
                "update secret_data_key set wrapped = ? where plugin = ?",
                rewrap.apply(plugin, key.getValue()),
                key.getKey());
            count(connection, key.getKey());
            database.announce(connection, key.getKey());
          }
          // Last: whoever stores inputs of a plugin locks the plugin's row before.
          RecentInputStore.deleteAll(connection);
          insert(connection, "update master_key_check set content = ? where id = 1", check);
          return List.copyOf(keys.keySet());
        });
  }

  private static byte @Nullable [] check(Connection connection, boolean locks) throws SQLException {
    try (PreparedStatement select =
            connection.prepareStatement(
                "select content from master_key_check where id = 1"
                    + (locks ? " for update" : ""));
        ResultSet row = select.executeQuery()) {
      return row.next() ? row.getBytes(1) : null;
    }
  }

  private static byte @Nullable [] dataKey(Connection connection, String plugin)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select wrapped from secret_data_key where plugin = ?")) {
      select.setString(1, plugin);
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? row.getBytes(1) : null;
      }
    }
  }

  private static void insert(Connection connection, String sql, byte[] content, String... keys)
      throws SQLException {
    try (PreparedStatement insert = connection.prepareStatement(sql)) {
      insert.setBytes(1, content);
      for (int i = 0; i < keys.length; i++) {
        insert.setString(i + 2, keys[i]);
      }
      insert.executeUpdate();
    }
  }

  private static boolean delete(Connection connection, String plugin, String name)
      throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from secret where plugin = ? and name = ?")) {
      delete.setString(1, plugin);
      delete.setString(2, name);
      return delete.executeUpdate() > 0;
    }
  }

  /** Locks the plugin's row: those who change one plugin's secrets take turns. */
  private static boolean count(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("update plugin set secrets = secrets + 1 where name = ?")) {
      update.setString(1, plugin);
      return update.executeUpdate() > 0;
    }
  }
}
