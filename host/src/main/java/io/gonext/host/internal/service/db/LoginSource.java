package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** New connections of one plugin's own database user, for its migrations. Thread-safe. */
record LoginSource(PluginDatabases databases, String plugin) implements DataSource {
  @Override
  public Connection getConnection() throws SQLException {
    return databases.open(plugin, Access.MIGRATE);
  }

  @Override
  public Connection getConnection(String user, String password) throws SQLException {
    throw new SQLFeatureNotSupportedException("a plugin has one user");
  }

  @Override
  public @Nullable PrintWriter getLogWriter() {
    return null;
  }

  @Override
  public void setLogWriter(@Nullable PrintWriter out) {
    // Exceptions say all there is to say.
  }

  @Override
  public void setLoginTimeout(int seconds) {
    // The driver's properties have it.
  }

  @Override
  public int getLoginTimeout() {
    return 0;
  }

  @Override
  public Logger getParentLogger() throws SQLFeatureNotSupportedException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public <T> T unwrap(Class<T> type) throws SQLException {
    throw new SQLFeatureNotSupportedException();
  }

  @Override
  public boolean isWrapperFor(Class<?> type) {
    return false;
  }
}
