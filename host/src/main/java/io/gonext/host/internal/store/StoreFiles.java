package io.gonext.host.internal.store;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.h2.store.fs.FilePath;

/**
 * The files that H2 has open for one embedded database, under a file system of H2 of their own.
 *
 * <p>Invariants:
 *
 * <ul>
 *   <li>The database's file is open only between {@link #admit} and {@link #closeAll}, whatever H2
 *       does with it.
 *   <li>Nothing is written to the database's file after a write that failed.
 *   <li>While the database is being opened, each write comes after a flush of what is in the file.
 * </ul>
 *
 * <p>Thread-safe.
 */
final class StoreFiles {
  /** Makes an open file. */
  @FunctionalInterface
  interface Opening {
    SteadyFile open(StoreFiles owner, String name, RandomAccessFile file);
  }

  /** H2 finds a file system by its name, in one table for the whole process. */
  private static final AtomicLong NAMES = new AtomicLong();

  private final String scheme = "steady" + NAMES.incrementAndGet();
  private final String database;
  private final Opening opening;
  private final Set<SteadyFile> open = ConcurrentHashMap.newKeySet();
  private volatile boolean admitting;
  private volatile Consumer<IOException> whenFailed = _ -> {};

  /**
   * @param database the database's file
   */
  StoreFiles(Path database, Opening opening) {
    this.database = path(database);
    this.opening = opening;
    FilePath.register(new SteadyFiles(this));
  }

  /** As H2 writes it. */
  private static String path(Path file) {
    return file.toAbsolutePath().toString().replace('\\', '/');
  }

  /** What H2 calls the file of a path. */
  String name(Path file) {
    return scheme + ":" + path(file);
  }

  String scheme() {
    return scheme;
  }

  /**
   * Lets the database's file be opened, and has each write flush the file first.
   *
   * @param whenFailed is told of a write that failed, on the thread that wrote
   */
  void admit(Consumer<IOException> whenFailed) {
    this.whenFailed = whenFailed;
    admitting = true;
  }

  /** The database is open. */
  void admitted() {
    admitting = false;
  }

  boolean isAdmitting() {
    return admitting;
  }

  SteadyFile open(String name, String mode) throws IOException {
    if (isDatabase(name) && !admitting) {
      throw new IOException(name + " is opened by the store alone");
    }
    SteadyFile file = opening.open(this, name, new RandomAccessFile(name, mode));
    open.add(file);
    return file;
  }

  void closed(SteadyFile file) {
    open.remove(file);
  }

  void failed(SteadyFile file, IOException failure) {
    if (isDatabase(file.name()) && open.contains(file)) {
      whenFailed.accept(failure);
    }
  }

  boolean isDatabase(String name) {
    return name.replace('\\', '/').equals(database);
  }

  /** Closes what H2 has left open. Nothing can be written to these files afterwards. */
  void closeAll() throws IOException {
    admitting = false;
    IOException failure = null;
    for (SteadyFile file : List.copyOf(open)) {
      try {
        file.close();
      } catch (IOException e) {
        failure = e;
      } finally {
        open.remove(file);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** H2 forgets this file system. */
  void unregister() {
    FilePath.unregister(new SteadyFiles(this));
  }
}
