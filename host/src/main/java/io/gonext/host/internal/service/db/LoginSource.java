package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PlainSource;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * New connections of one plugin's own database user, for its migrations, until they are cut off.
 * Thread-safe.
 */
final class LoginSource extends PlainSource {
  private final PluginDatabases databases;
  private final String plugin;

  /** Guarded by itself. Some are closed by now. */
  private final List<Connection> opened = new ArrayList<>();

  /** Guarded by {@link #opened}. */
  private boolean cutOff;

  LoginSource(PluginDatabases databases, String plugin) {
    this.databases = databases;
    this.plugin = plugin;
  }

  @Override
  public Connection getConnection() throws SQLException {
    Connection connection = databases.open(plugin, Access.MIGRATE);
    synchronized (opened) {
      if (!cutOff) {
        opened.add(connection);
        return connection;
      }
    }
    connection.close();
    throw new SQLException("the migrations took too long");
  }

  /** Ends what runs on the connections, and gives no further ones. */
  void cutOff() {
    List<Connection> open;
    synchronized (opened) {
      cutOff = true;
      open = List.copyOf(opened);
    }
    for (Connection connection : open) {
      try {
        if (!connection.isClosed()) {
          databases.cutOff(connection);
        }
      } catch (SQLException e) {
        // It is closed.
      }
    }
  }
}
