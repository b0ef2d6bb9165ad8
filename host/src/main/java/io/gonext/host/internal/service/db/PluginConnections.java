package io.gonext.host.internal.service.db;

import io.gonext.host.internal.store.PluginDatabases;
import io.gonext.host.internal.store.PluginDatabases.Access;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections of plugins that wait for their next use. A connection belongs to one plugin, so a
 * pool of a fixed size cannot serve all plugins: the one that was not used for the longest time
 * goes when there are too many.
 *
 * <p>Thread-safe. Connections are opened and closed on threads that are never interrupted.
 */
final class PluginConnections implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PluginConnections.class);

  private static final int MAX_IDLE = 8;
  private static final long MAX_AGE_NANOS = 300_000_000_000L;

  private final PluginDatabases databases;
  private final SqlDialect dialect;
  private final LongSupplier nanoTime;

  /** The last used first. Guarded by itself. */
  private final Deque<Held> idle = new ArrayDeque<>();

  /** Guarded by {@link #idle}. */
  private boolean closed;

  /**
   * A connection in use.
   *
   * @param reused whether it was used before, so that the server may have closed it since
   */
  record Held(
      String plugin, Access access, Connection connection, long openedNanos, boolean reused) {}

  PluginConnections(PluginDatabases databases, SqlDialect dialect, LongSupplier nanoTime) {
    this.databases = databases;
    this.dialect = dialect;
    this.nanoTime = nanoTime;
  }

  /** An idle connection, or a new one. */
  Held take(String plugin, Access access) throws SQLException {
    Held kept = takeIdle(plugin, access);
    return kept == null ? open(plugin, access) : kept;
  }

  /** A new connection. */
  Held open(String plugin, Access access) throws SQLException {
    Connection connection = databases.open(plugin, access);
    Held held = new Held(plugin, access, connection, nanoTime.getAsLong(), false);
    boolean ready = false;
    try {
      ready =
          dialect.sharesConnections()
              ? dialect.clean(connection, access, PluginDatabases.schemaOf(plugin))
              : true;
      return held;
    } finally {
      if (!ready) {
        discard(held);
      }
    }
  }

  /** Keeps a connection whose transaction has ended. */
  void giveBack(Held held) {
    boolean reusable = false;
    try {
      reusable =
          nanoTime.getAsLong() - held.openedNanos < MAX_AGE_NANOS
              && dialect.clean(held.connection, held.access, PluginDatabases.schemaOf(held.plugin));
    } catch (SQLException e) {
      log.debug("a connection of {} cannot be used again: {}", held.plugin, e.getMessage());
    }
    Held surplus = reusable ? keep(held) : held;
    if (surplus != null) {
      discard(surplus);
    }
  }

  /** Closes a connection. */
  void discard(Held held) {
    try {
      held.connection.close();
    } catch (SQLException e) {
      log.debug("a connection of {} was not closed in order: {}", held.plugin, e.getMessage());
    }
  }

  /** Closes the idle connections of a plugin. */
  void forget(String plugin) {
    removeIdle(held -> held.plugin.equals(plugin)).forEach(this::discard);
  }

  private @Nullable Held takeIdle(String plugin, Access access) {
    synchronized (idle) {
      for (Iterator<Held> each = idle.iterator(); each.hasNext(); ) {
        Held held = each.next();
        if (held.plugin.equals(plugin) && (held.access == access || dialect.sharesConnections())) {
          each.remove();
          return new Held(plugin, access, held.connection, held.openedNanos, true);
        }
      }
      return null;
    }
  }

  /** Returns what there is no room for; null if there is room for all. */
  private @Nullable Held keep(Held held) {
    synchronized (idle) {
      if (closed) {
        return held;
      }
      idle.addFirst(held);
      return idle.size() > MAX_IDLE ? idle.removeLast() : null;
    }
  }

  private List<Held> removeIdle(Predicate<Held> which) {
    List<Held> removed = new ArrayList<>();
    synchronized (idle) {
      idle.removeIf(held -> which.test(held) && removed.add(held));
    }
    return removed;
  }

  @Override
  public void close() {
    synchronized (idle) {
      closed = true;
    }
    removeIdle(_ -> true).forEach(this::discard);
  }
}
