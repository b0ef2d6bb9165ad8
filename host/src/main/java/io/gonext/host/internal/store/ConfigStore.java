package io.gonext.host.internal.store;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The configuration of each plugin: the values that an operator set, and a version that each change
 * raises by one. They go when the plugin goes.
 *
 * <p>Thread-safe, also between processes on one database.
 */
public final class ConfigStore {
  private final Transactions transactions;
  private final SqlDatabase database;

  ConfigStore(Transactions transactions, SqlDatabase database) {
    this.transactions = transactions;
    this.database = database;
  }

  /**
   * A stored configuration.
   *
   * @param version 0 if nobody has set a value yet
   * @param json the values, a UTF-8 JSON object; {@code {}} if nobody has set one
   */
  @SuppressWarnings("ArrayRecordComponent") // Compared by nobody.
  public record Stored(long version, byte[] json) {}

  /**
   * The configuration of a plugin; empty if no plugin of that name is installed.
   *
   * @throws io.gonext.host.StoreException when the database fails
   */
  public Optional<Stored> read(String plugin) {
    return transactions.run(connection -> {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select p.configured, c.content from plugin p"
                  + " left join plugin_config c on c.plugin = p.name where p.name = ?")) {
        select.setString(1, plugin);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            return Optional.empty();
          }
          byte[] json = row.getBytes(2);
          return Optional.of(
              new Stored(row.getLong(1), json == null ? new byte[] {'{', '}'} : json));
        }
      }
    });
  }

  /**
   * Stores values in the place of those of one version.
   *
   * @param version that they replace
   * @return the new version; empty if the plugin is not installed or has another version now, and
   *     nothing is stored then
   * @throws io.gonext.host.StoreException when the database fails; nothing is stored then
   */
  public OptionalLong replace(String plugin, long version, byte[] json) {
    return transactions.runDurably(
        database,
        connection -> {
          if (!count(connection, plugin, version)) {
            return OptionalLong.empty();
          }
          try (PreparedStatement delete =
              connection.prepareStatement("delete from plugin_config where plugin = ?")) {
            delete.setString(1, plugin);
            delete.executeUpdate();
          }
          try (PreparedStatement insert =
              connection.prepareStatement(
                  "insert into plugin_config (plugin, content) values (?, ?)")) {
            insert.setString(1, plugin);
            insert.setBytes(2, json);
            insert.executeUpdate();
          }
          database.announce(connection, plugin);
          return OptionalLong.of(version + 1);
        });
  }

  /** Locks the plugin's row, so that two changes of one version cannot both succeed. */
  private static boolean count(Connection connection, String plugin, long version)
      throws SQLException {
    try (PreparedStatement update =
        connection.prepareStatement(
            "update plugin set configured = configured + 1 where name = ? and configured = ?")) {
      update.setString(1, plugin);
      update.setLong(2, version);
      return update.executeUpdate() > 0;
    }
  }
}
