package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import org.jspecify.annotations.Nullable;

/**
 * Lets one host at a time use a data directory, in this process and on this machine. The operating
 * system releases the lock when the process dies.
 */
final class DirectoryLock implements AutoCloseable {
  private static final String FILE = "gonext.lock";

  private final FileChannel channel;

  private DirectoryLock(FileChannel channel) {
    this.channel = channel;
  }

  /**
   * Takes the lock, creating the directory where it does not exist.
   *
   * @throws StoreException when the directory cannot be written or the lock is taken
   */
  static DirectoryLock take(Path directory) {
    if (Files.exists(directory) && !Files.isDirectory(directory)) {
      throw new StoreException(
          directory + " is a file: choose a directory for the data with --data", null);
    }
    FileChannel channel;
    try {
      if (!Files.exists(directory)) {
        create(directory);
      }
      Path file = directory.resolve(FILE);
      channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      OwnersFile.keep(file);
    } catch (IOException e) {
      throw new StoreException(
          "the data directory "
              + directory
              + " cannot be written to ("
              + e.getMessage()
              + "): choose another with --data",
          e);
    }
    try {
      FileLock lock = tryLock(channel);
      if (lock != null) {
        return new DirectoryLock(channel);
      }
      channel.close();
    } catch (IOException e) {
      throw new StoreException(
          "the data directory " + directory + " cannot be locked: " + e.getMessage(), e);
    }
    throw new StoreException(
        "the data directory "
            + directory
            + " is in use by another host: stop that one, or choose another with --data",
        null);
  }

  /** For its owner only: it holds secrets, and plugins' data. */
  private static void create(Path directory) throws IOException {
    if (OwnersFile.isPosix(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } else {
      Files.createDirectories(directory);
    }
  }

  private static @Nullable FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      return null; // held by this very process
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
