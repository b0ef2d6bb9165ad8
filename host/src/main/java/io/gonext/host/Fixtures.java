package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.store.KeyValueChange;
import io.gonext.host.internal.store.KeyValueStore;
import io.gonext.host.internal.store.KeyValueStore.Outcome;
import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Puts data into the store of a plugin as if the plugin had: for tests of plugins. Neither
 * capabilities are asked nor rows of the audit log written.
 *
 * <p>Thread-safe.
 */
public final class Fixtures {
  private final Lifecycle lifecycle;
  private final KeyValueStore entries;
  private final KeyValueQuota quota;
  private final PluginDatabases databases;

  Fixtures(
      Lifecycle lifecycle, KeyValueStore entries, KeyValueQuota quota, PluginDatabases databases) {
    this.lifecycle = lifecycle;
    this.entries = entries;
    this.quota = quota;
    this.databases = databases;
  }

  /**
   * Writes a key-value entry.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws IllegalArgumentException when the plugin's quota does not allow it
   */
  public void entry(String plugin, String name, byte[] value) {
    requireInstalled(plugin);
    Outcome outcome =
        entries
            .change(plugin, List.of(new KeyValueChange.Set(name, value)), quota)
            .getFirst()
            .outcome();
    if (outcome != Outcome.DONE) {
      throw new IllegalArgumentException("the entry " + name + " was not written: " + outcome);
    }
  }

  /**
   * Runs SQL as the plugin's user, in its schema, which its migrations make when it is activated.
   *
   * @param statements one or more, with semicolons between them
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws IllegalArgumentException with the database's words when a statement fails; then nothing
   *     is changed
   */
  public void sql(String plugin, String statements) {
    requireInstalled(plugin);
    // On a thread that nobody interrupts: that would damage the embedded store.
    try {
      CompletableFuture.runAsync(() -> run(plugin, statements), Thread::startVirtualThread).join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      throw e;
    }
  }

  private void run(String plugin, String statements) {
    try (Connection connection = databases.open(plugin, Access.MIGRATE)) {
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute(statements);
      }
      connection.commit();
    } catch (SQLException e) {
      throw new IllegalArgumentException("the SQL failed: " + e.getMessage(), e);
    }
  }

  private void requireInstalled(String plugin) {
    if (lifecycle.find(plugin).isEmpty()) {
      throw new UnknownPluginException(plugin);
    }
  }
}
