package io.gonext.host.store;

import io.gonext.host.failure.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;

/**
 * The secret of one data directory, with which the host signs what it will trust later: made on
 * first use, readable by its owner only.
 */
public final class HostKey {
  private static final String FILE = "host.key";
  private static final int BYTES = 32;

  private HostKey() {}

  /**
   * The key, which is the same each time. To be called by the one host that holds the directory.
   *
   * @throws StoreException when it can be neither read nor written
   */
  public static byte[] of(Path directory) {
    Path file = directory.resolve(FILE);
    try {
      if (!Files.exists(file)) {
        create(directory, file);
      }
      byte[] key = Files.readAllBytes(file);
      if (key.length != BYTES) {
        throw new StoreException(
            file + " is damaged: delete it, and what it signed is made anew", null);
      }
      return key;
    } catch (IOException e) {
      throw new StoreException(
          "the host's key " + file + " cannot be read or written: " + e.getMessage(), e);
    }
  }

  /** Written aside, flushed and moved, so that a crash leaves a whole key or none. */
  private static void create(Path directory, Path file) throws IOException {
    byte[] key = new byte[BYTES];
    new SecureRandom().nextBytes(key);
    Path aside = directory.resolve(FILE + ".new");
    Files.deleteIfExists(aside);
    if (directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      Files.createFile(
          aside,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    } else {
      Files.createFile(aside);
    }
    try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(key));
      channel.force(true);
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
