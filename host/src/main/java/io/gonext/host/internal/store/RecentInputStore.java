package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The encrypted recent inputs of plugins. Nothing here can read them. A write is not flushed to the
 * disk: after a crash of the machine, the inputs before it may be there.
 *
 * <p>Thread-safe, also between processes on one database; the last writer wins.
 */
public final class RecentInputStore {
  private final Transactions transactions;

  RecentInputStore(Transactions transactions) {
    this.transactions = transactions;
  }

  /**
   * The plugins whose inputs are stored.
   *
   * @throws StoreException when the database fails
   */
  public Set<String> plugins() {
    return transactions.read(connection -> {
      Set<String> plugins = new TreeSet<>();
      try (PreparedStatement select =
              connection.prepareStatement("select plugin from recent_input");
          ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          plugins.add(rows.getString(1));
        }
      }
      return plugins;
    });
  }

  /**
   * What is stored for a plugin.
   *
   * @throws StoreException when the database fails
   */
  public Optional<byte[]> read(String plugin) {
    return transactions.read(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement("select content from recent_input where plugin = ?")) {
        select.setString(1, plugin);
        try (ResultSet rows = select.executeQuery()) {
          return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
        }
      }
    });
  }

  /**
   * Replaces what is stored for a plugin; does nothing when it is not installed.
   *
   * @throws StoreException when the database fails; nothing is changed then
   */
  public void write(String plugin, byte[] content) {
    transactions.run(connection -> {
      if (lock(connection, plugin)) {
        delete(connection, plugin);
        try (PreparedStatement insert =
            connection.prepareStatement(
                "insert into recent_input (plugin, content) values (?, ?)")) {
          insert.setString(1, plugin);
          insert.setBytes(2, content);
          insert.executeUpdate();
        }
      }
      return true;
    });
  }

  /**
   * Deletes what is stored for a plugin.
   *
   * @throws StoreException when the database fails
   */
  public void delete(String plugin) {
    transactions.run(connection -> {
      delete(connection, plugin);
      return true;
    });
  }

  /**
   * Deletes what is stored for all plugins.
   *
   * @throws StoreException when the database fails
   */
  public void deleteAll() {
    transactions.run(connection -> {
      deleteAll(connection);
      return true;
    });
  }

  static void deleteAll(Connection connection) throws SQLException {
    try (PreparedStatement delete = connection.prepareStatement("delete from recent_input")) {
      delete.executeUpdate();
    }
  }

  private static boolean lock(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement("select 1 from plugin where name = ? for update")) {
      select.setString(1, plugin);
      try (ResultSet rows = select.executeQuery()) {
        return rows.next();
      }
    }
  }

  private static void delete(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement("delete from recent_input where plugin = ?")) {
      delete.setString(1, plugin);
      delete.executeUpdate();
    }
  }
}
