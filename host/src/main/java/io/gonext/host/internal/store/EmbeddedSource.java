package io.gonext.host.internal.store;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.h2.Driver;
import org.h2.api.ErrorCode;
import org.h2.engine.Database;
import org.h2.engine.SessionLocal;
import org.h2.message.DbException;
import org.h2.mvstore.DataUtils;
import org.h2.mvstore.MVStore;
import org.h2.mvstore.MVStoreException;
import org.jspecify.annotations.Nullable;

/**
 * Opens an embedded database, connects to it, and opens it again after a failure.
 *
 * <p>H2 closes a database whose file it fails to write, for example on a full disk. When it cannot
 * open the database again, it may leave the file open and locked for ever. So the database is
 * opened here alone: on one thread, after all files of the opening before are closed, and with a
 * connection of this source that keeps it open.
 *
 * <p>Thread-safe.
 */
final class EmbeddedSource implements AutoCloseable {
  /** The least time between two attempts to open the database. */
  private static final long PAUSE_NANOS = 100_000_000L;

  /** More than all sessions release of one version by mistake. */
  private static final int SPARE_USAGES = 100_000;

  /** H2 finds a database of before that it cannot use: it is closed, or in use. */
  private static final Set<Integer> LEFT =
      Set.of(ErrorCode.DATABASE_IS_CLOSED, ErrorCode.DATABASE_ALREADY_OPEN_1);

  private static final Executor OPENER =
      task -> Thread.ofPlatform().daemon().name("gonext-store-opener").start(task);

  private final Path database;
  private final String settings;

  /**
   * What is written until the first flush takes no space that was ever used. The header of a file
   * that was closed says so until that flush is done. If the power is lost before, H2 2.4.240
   * believes it, finds a chunk that is not in use any more overwritten, and goes back to a state
   * that may be many changes old.
   */
  private static final String FIRST_WRITES = ";REUSE_SPACE=FALSE";

  private final Supplier<StoreFiles> system;
  private final FlushedState flushed = new FlushedState();

  /**
   * Held for reading while a connection is made, for writing while the database opens or closes.
   */
  private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();

  private final Condition changed = lock.writeLock().newCondition();
  private final Set<Connection> made = ConcurrentHashMap.newKeySet();
  private final Object attempts = new Object();

  /** Guarded by {@link #attempts}. */
  private @Nullable CompletableFuture<Void> attempt;

  /** Guarded by {@link #lock}. */
  private StoreFiles files;

  /** Written under {@link #lock}. */
  private volatile @Nullable Opened opened;

  /** Written under {@link #lock}. */
  private volatile boolean closed;

  /** The last write that failed; null for none. */
  private volatile @Nullable IOException writeFailure;

  private volatile long lastAttempt = System.nanoTime() - PAUSE_NANOS;

  /** A database that was opened. */
  private static final class Opened {
    final Connection keeper;
    final Database database;
    final MVStore store;
    volatile boolean failed;

    Opened(Connection keeper) throws SQLException {
      this.keeper = keeper;
      this.database = H2Session.of(keeper).getDatabase();
      this.store = database.getStore().getMvStore();
    }

    boolean isUsable() {
      return !failed && !store.isClosed();
    }

    /**
     * Ends the use of a store whose file was not written, on the thread that wrote.
     *
     * <p>H2 2.4.240 would let a thread that waits to commit do so first. It also releases a version
     * of the store twice where a commit fails, and whoever asks for that version then waits in a
     * loop without end.
     */
    void fail(IOException why) {
      failed = true;
      for (int i = 0; i < SPARE_USAGES; i++) {
        store.registerVersionUsage();
      }
      MVStoreException panic =
          DataUtils.newMVStoreException(
              DataUtils.ERROR_WRITING_FAILED, "writing failed: {0}", why.getMessage(), why);
      try {
        store.panic(panic);
      } catch (MVStoreException e) {
        // The writing thread gets its own failure.
      }
      // A store that is being closed already closes itself.
      if (panic.equals(store.getPanicException())) {
        store.closeImmediately();
      }
    }
  }

  /**
   * @param database the path of the database's file, without the ending that H2 gives it
   * @param settings of H2, each with a semicolon before it
   * @param system makes a file system for the database
   */
  EmbeddedSource(Path database, String settings, Supplier<StoreFiles> system) {
    this.database = database;
    this.settings = settings;
    this.system = system;
    this.files = system.get();
  }

  private String url() {
    return "jdbc:h2:" + files.name(database);
  }

  /**
   * Opens the database where it is not open. When several threads ask at once, one attempt is made
   * for all.
   *
   * @param limit how long the caller waits
   * @throws SQLException when the database cannot be opened
   */
  void open(Duration limit) throws SQLException {
    if (isUsable()) {
      return;
    }
    CompletableFuture<Void> current;
    synchronized (attempts) {
      if (attempt == null || attempt.isDone()) {
        long pause = PAUSE_NANOS - (System.nanoTime() - lastAttempt);
        attempt =
            CompletableFuture.runAsync(
                this::attempt,
                CompletableFuture.delayedExecutor(
                    Math.max(0, pause), TimeUnit.NANOSECONDS, OPENER));
      }
      current = attempt;
    }
    try {
      current.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLTransientConnectionException("interrupted while the store was opened", e);
    } catch (TimeoutException e) {
      throw new SQLTransientConnectionException("the store is still being opened", e);
    } catch (ExecutionException e) {
      Throwable cause = e.getCause() == null ? e : e.getCause();
      throw new SQLTransientConnectionException(
          "the store cannot be opened again: " + cause.getMessage(), cause);
    }
  }

  private void attempt() {
    try {
      openNow();
    } catch (SQLException e) {
      throw new CompletionException(e);
    }
  }

  /** As {@link #open}, on this thread and at once. */
  void openNow() throws SQLException {
    lock.writeLock().lock();
    try {
      if (isUsable()) {
        return;
      }
      if (closed) {
        throw new SQLException("the embedded database is closed");
      }
      abandon();
      connectFirst();
      changed.signalAll();
    } finally {
      lastAttempt = System.nanoTime();
      lock.writeLock().unlock();
    }
  }

  private void connectFirst() throws SQLException {
    AtomicReference<Opened> current = new AtomicReference<>();
    boolean done = false;
    try {
      files.admit(why -> {
        writeFailure = why;
        Opened now = current.get();
        if (now != null) {
          now.fail(why);
        }
      });
      Opened now =
          new Opened(new Driver().connect(url() + settings + FIRST_WRITES, new Properties()));
      current.set(now);
      // FlushedState decides when space may be used again.
      now.store.setRetentionTime(0);
      flushed.flush(now.keeper);
      now.store.setReuseSpace(true);
      files.admitted();
      opened = now;
      done = true;
    } catch (SQLException e) {
      if (LEFT.contains(e.getErrorCode())) {
        closeFiles();
        renew();
      }
      throw e;
    } catch (DbException e) {
      throw e.getSQLException();
    } finally {
      if (!done) {
        end(current.get());
      }
    }
  }

  /** Ends what is left of the last opening. Whoever uses it gets an error. */
  private void abandon() throws SQLException {
    Opened last = opened;
    opened = null;
    made.clear();
    end(last);
  }

  private void end(@Nullable Opened last) throws SQLException {
    if (last != null) {
      last.database.shutdownImmediately();
    }
    closeFiles();
    if (last != null) {
      renew();
    }
  }

  /**
   * Gives the next opening a name of its own. A thread that still uses a database of before may
   * close it once more, by its name, and H2 2.4.240 then forgets the open database of that name.
   */
  private void renew() {
    files.unregister();
    files = system.get();
  }

  private void closeFiles() throws SQLException {
    try {
      files.closeAll();
    } catch (IOException e) {
      throw new SQLException("the database's file cannot be closed: " + e.getMessage(), e);
    }
  }

  /** Why a write failed last; null when none did. What H2 says afterwards does not tell. */
  @Nullable IOException writeFailure() {
    return writeFailure;
  }

  boolean isUsable() {
    Opened now = opened;
    return now != null && now.isUsable();
  }

  /** Whether a connection is one to the database as it is open now. */
  boolean isCurrent(Connection connection) throws SQLException {
    Opened now = opened;
    SessionLocal session = H2Session.ifOpen(connection);
    try {
      return now != null
          && session != null
          && !session.isClosed()
          && session.getDatabase() == now.database;
    } catch (DbException e) {
      return false; // the session was closed meanwhile
    }
  }

  /** A connection of the host to the database, which is open. */
  Connection connect() throws SQLException {
    return connect(settings, new Properties());
  }

  /** A connection of another user to the database, which is open. */
  Connection connect(String user, String password) throws SQLException {
    Properties login = new Properties();
    login.setProperty("user", user);
    login.setProperty("password", password);
    // Settings need admin rights.
    return connect("", login);
  }

  private Connection connect(String settings, Properties login) throws SQLException {
    lock.readLock().lock();
    try {
      if (closed || !isUsable()) {
        throw new SQLTransientConnectionException("the embedded database is not open");
      }
      Connection connection = new Driver().connect(url() + settings, login);
      made.removeIf(EmbeddedSource::isClosed);
      made.add(connection);
      return connection;
    } finally {
      lock.readLock().unlock();
    }
  }

  /** Waits until the database is open or closed for good, or a condition holds. */
  void await(BooleanSupplier orElse) throws SQLException {
    lock.writeLock().lock();
    try {
      while (!closed && !isUsable() && !orElse.getAsBoolean()) {
        changed.await();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLTransientConnectionException("interrupted while the store was opened", e);
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Has all threads that {@link #await} look again. */
  void lookAgain() {
    lock.writeLock().lock();
    try {
      changed.signalAll();
    } finally {
      lock.writeLock().unlock();
    }
  }

  /** Makes what was committed before survive the end of the machine. */
  void flush(Connection connection) throws SQLException {
    flushed.flush(connection);
  }

  /** Closes all connections, and with the last one the database. Opens it never again. */
  @Override
  public void close() throws SQLException {
    lock.writeLock().lock();
    try {
      closed = true;
      changed.signalAll();
      Opened last = opened;
      if (last != null && last.isUsable()) {
        for (Connection connection : made) {
          connection.close();
        }
        last.keeper.close();
      }
    } finally {
      try {
        // H2 would keep a database whose closing failed as long as the process lives.
        abandon();
      } finally {
        files.unregister();
        lock.writeLock().unlock();
      }
    }
  }

  private static boolean isClosed(Connection connection) {
    try {
      return connection.isClosed();
    } catch (SQLException e) {
      return true;
    }
  }
}
