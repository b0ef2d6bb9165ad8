package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * The decisions of operators on the capabilities of each version of a plugin. They go when the
 * version goes.
 *
 * <p>Thread-safe, also between processes on one database.
 */
public final class GrantStore {
  private final Transactions transactions;
  private final SqlDatabase database;

  GrantStore(Transactions transactions, SqlDatabase database) {
    this.transactions = transactions;
    this.database = database;
  }

  /**
   * The decisions on one version: whether each capability is granted. A capability without a
   * decision is missing.
   *
   * @throws StoreException when the database fails
   */
  public Map<String, Boolean> decisions(String plugin, String version) {
    return transactions.run(connection -> {
      Map<String, Boolean> decisions = new TreeMap<>();
      try (PreparedStatement select =
          connection.prepareStatement(
              "select capability, granted from capability_grant"
                  + " where plugin = ? and version = ?")) {
        select.setString(1, plugin);
        select.setString(2, version);
        try (ResultSet rows = select.executeQuery()) {
          while (rows.next()) {
            decisions.put(rows.getString(1), rows.getBoolean(2));
          }
        }
      }
      return decisions;
    });
  }

  /**
   * Stores decisions, all or none, in the place of earlier ones.
   *
   * @return false when no plugin of that name is installed; then nothing is stored
   * @throws StoreException when the database fails; then nothing is stored
   */
  public boolean decide(
      String plugin,
      String version,
      Collection<String> capabilities,
      boolean granted,
      String actor) {
    return transactions.runDurably(
        database,
        connection -> {
          if (!count(connection, plugin)) {
            return false;
          }
          delete(connection, plugin, version, capabilities);
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into capability_grant (plugin, version, capability, granted, actor)"
                      + " values (?, ?, ?, ?, ?)")) {
            for (String capability : Set.copyOf(capabilities)) {
              insert.setString(1, plugin);
              insert.setString(2, version);
              insert.setString(3, capability);
              insert.setBoolean(4, granted);
              insert.setString(5, actor);
              insert.executeUpdate();
            }
          }
          database.announce(connection, plugin);
          return true;
        });
  }

  /**
   * Deletes the decisions on some capabilities of one version, because they were made on another
   * bundle of that version.
   *
   * @throws StoreException when the database fails; then nothing is deleted
   */
  public void forget(String plugin, String version, Collection<String> capabilities) {
    transactions.runDurably(
        database,
        connection -> {
          boolean installed = count(connection, plugin);
          delete(connection, plugin, version, capabilities);
          database.announce(connection, plugin);
          return installed;
        });
  }

  private static void delete(
      Connection connection, String plugin, String version, Collection<String> capabilities)
      throws SQLException {
    try (PreparedStatement delete =
        connection.prepareStatement(
            "delete from capability_grant where plugin = ? and version = ? and capability = ?")) {
      for (String capability : capabilities) {
        delete.setString(1, plugin);
        delete.setString(2, version);
        delete.setString(3, capability);
        delete.executeUpdate();
      }
    }
  }

  /** It locks the row: those who decide on one plugin take turns, and no insert meets another's. */
  private static boolean count(Connection connection, String plugin) throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement("update plugin set decisions = decisions + 1 where name = ?")) {
      update.setString(1, plugin);
      return update.executeUpdate() > 0;
    }
  }
}
