package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PlainSource;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.SQLException;

/** New connections of one plugin's own database user, for its migrations. Thread-safe. */
final class LoginSource extends PlainSource {
  private final PluginDatabases databases;
  private final String plugin;

  LoginSource(PluginDatabases databases, String plugin) {
    this.databases = databases;
    this.plugin = plugin;
  }

  @Override
  public Connection getConnection() throws SQLException {
    return databases.open(plugin, Access.MIGRATE);
  }
}
