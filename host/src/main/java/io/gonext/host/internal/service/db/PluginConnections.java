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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
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
 * <p>What a plugin may have left in a session is taken back before the session writes, and at the
 * latest {@link #CLEANED_WITHIN_MILLIS} after a read. A read alone does not wait for that: its
 * transaction was rolled back, so at most a lock of the session is left, or a statement that the
 * plugin itself prepared, and the next read is the same plugin's.
 *
 * <p>Thread-safe. Connections are opened, cleaned and closed on threads that are never interrupted.
 */
final class PluginConnections implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PluginConnections.class);

  private static final int MAX_IDLE = 8;
  private static final long MAX_AGE_NANOS = 300_000_000_000L;
  static final long CLEANED_WITHIN_MILLIS = 100;

  private final PluginDatabases databases;
  private final SqlDialect dialect;
  private final Executor threads;
  private final LongSupplier nanoTime;

  /** The last used first. Guarded by itself. */
  private final Deque<Held> idle = new ArrayDeque<>();

  /** Guarded by {@link #idle}. */
  private boolean closed;

  /** A connection. Its user owns it; while it is idle, nobody does. */
  static final class Held {
    private final String plugin;
    private final Access access;
    private final Connection connection;
    private final long openedNanos;

    /** Guarded by {@link #idle}, as are the next two. */
    private boolean reused;

    /** Whether it has read since it was cleaned. */
    private boolean hasRead;

    /** Whether its user must clean it. */
    private boolean isDue;

    private Held(String plugin, Access access, Connection connection, long openedNanos) {
      this.plugin = plugin;
      this.access = access;
      this.connection = connection;
      this.openedNanos = openedNanos;
    }

    Connection connection() {
      return connection;
    }

    /** Whether it was used before, so that the server may have closed it since. */
    boolean reused() {
      return reused;
    }
  }

  /**
   * @param threads that are never interrupted
   */
  PluginConnections(
      PluginDatabases databases, SqlDialect dialect, Executor threads, LongSupplier nanoTime) {
    this.databases = databases;
    this.dialect = dialect;
    this.threads = threads;
    this.nanoTime = nanoTime;
  }

  /** An idle connection, or a new one. */
  Held take(String plugin, Access access) throws SQLException {
    for (Held kept = takeIdle(plugin, access); kept != null; kept = takeIdle(plugin, access)) {
      if (!kept.hasRead || isCleaned(kept)) {
        return kept;
      }
      discard(kept);
    }
    return open(plugin, access);
  }

  /** An idle connection for a read alone; null if there is none. */
  @Nullable Held takeIdle(String plugin, Access access) {
    synchronized (idle) {
      for (Iterator<Held> each = idle.iterator(); each.hasNext(); ) {
        Held held = each.next();
        if (held.plugin.equals(plugin) && (held.access == access || dialect.sharesConnections())) {
          each.remove();
          held.reused = true;
          return held;
        }
      }
      return null;
    }
  }

  /** A new connection. */
  Held open(String plugin, Access access) throws SQLException {
    Connection connection = databases.open(plugin, access);
    Held held = new Held(plugin, access, connection, nanoTime.getAsLong());
    boolean ready = false;
    try {
      ready = dialect.prepare(connection, access, PluginDatabases.schemaOf(plugin));
      return held;
    } finally {
      if (!ready) {
        discard(held);
      }
    }
  }

  /** Keeps a connection whose transaction has ended. */
  void giveBack(Held held) {
    if (!isYoung(held) || !isCleaned(held) || !keep(held)) {
      discard(held);
    }
  }

  /** Keeps a connection that has read alone. The thread may be interrupted. */
  void giveBackRead(Held held) {
    boolean begins = false;
    boolean isDue;
    synchronized (idle) {
      isDue = held.isDue;
      held.isDue = false;
      if (!held.hasRead && dialect.cleansReads()) {
        held.hasRead = true;
        begins = true;
      }
    }
    if (isDue || !isYoung(held)) {
      onThreads(() -> giveBack(held));
      return;
    }
    if (begins) {
      CompletableFuture.delayedExecutor(CLEANED_WITHIN_MILLIS, TimeUnit.MILLISECONDS, threads)
          .execute(() -> cleanIdle(held));
    }
    if (!keep(held)) {
      onThreads(() -> discard(held));
    }
  }

  private void cleanIdle(Held held) {
    boolean isIdle;
    synchronized (idle) {
      isIdle = idle.remove(held);
      held.isDue = !isIdle;
    }
    if (isIdle) {
      giveBack(held);
    }
  }

  private boolean isYoung(Held held) {
    return nanoTime.getAsLong() - held.openedNanos < MAX_AGE_NANOS;
  }

  private boolean isCleaned(Held held) {
    try {
      if (!held.connection.getAutoCommit()) {
        held.connection.setAutoCommit(true);
      }
      boolean cleaned =
          dialect.clean(held.connection, held.access, PluginDatabases.schemaOf(held.plugin));
      synchronized (idle) {
        held.hasRead = false;
        held.isDue = false;
      }
      return cleaned;
    } catch (SQLException e) {
      log.debug("a connection of {} cannot be used again: {}", held.plugin, e.getMessage());
      return false;
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

  /** Closes a connection; the calling thread may be interrupted. */
  void discardLater(Held held) {
    onThreads(() -> discard(held));
  }

  /** Closes the idle connections of a plugin. The calling thread may be interrupted. */
  void forget(String plugin) {
    List<Held> removed = removeIdle(held -> held.plugin.equals(plugin));
    if (!removed.isEmpty()) {
      onThreads(() -> removed.forEach(this::discard));
    }
  }

  private void onThreads(Runnable work) {
    try {
      threads.execute(work);
    } catch (RejectedExecutionException e) {
      // The host closes, and the database of this host with it.
      log.debug("a connection was left to the end of its database");
    }
  }

  /** Returns false if the connection must be closed. Closes the one that there is no room for. */
  private boolean keep(Held held) {
    Held surplus;
    synchronized (idle) {
      if (closed) {
        return false;
      }
      idle.addFirst(held);
      surplus = idle.size() > MAX_IDLE ? idle.removeLast() : null;
    }
    if (surplus != null) {
      discardLater(surplus);
    }
    return true;
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
