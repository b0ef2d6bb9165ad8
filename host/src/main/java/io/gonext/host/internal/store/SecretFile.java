package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A secret on disk: created on first use, readable by its owner only, and replaced as a whole. */
public final class SecretFile {
  private static final Logger log = LoggerFactory.getLogger(SecretFile.class);

  /** The most that a file has that root gives to a group. */
  private static final Set<PosixFilePermission> GIVEN =
      PosixFilePermissions.fromString("rw-r-----");

  private SecretFile() {}

  /**
   * Whether root has put a file here for the group of this process alone, which cannot change it:
   * Kubernetes does so with the files of a Secret.
   *
   * @throws IOException when its permissions cannot be read
   */
  public static boolean isGiven(Path file) throws IOException {
    return OwnersFile.isPosix(file)
        && isGiven(
            Files.getPosixFilePermissions(file),
            Files.getAttribute(file, "unix:uid"),
            Files.isWritable(file));
  }

  static boolean isGiven(Set<PosixFilePermission> permissions, Object owner, boolean isWritable) {
    return GIVEN.containsAll(permissions) && owner.equals(0) && !isWritable;
  }

  /**
   * What is in the file, after creating it where it does not exist. Where several processes create
   * it at once, all of them get what the first one wrote.
   *
   * @throws StoreException when it cannot be read or written
   */
  public static byte[] readOrCreate(Path file, Supplier<byte[]> made) {
    try {
      if (!Files.exists(file)) {
        create(file, made.get());
      }
      OwnersFile.keep(file);
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new StoreException(file + " cannot be read or written: " + e.getMessage(), e);
    }
  }

  /** Written aside, flushed and put in place, so that a crash leaves a whole secret or none. */
  private static void create(Path file, byte[] secret) throws IOException {
    Path name = Objects.requireNonNull(file.getFileName());
    Path aside = file.resolveSibling(name + "." + UUID.randomUUID() + ".new");
    try {
      OwnersFile.create(aside);
      try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap(secret));
        channel.force(true);
      }
      place(aside, file);
      flushDirectory(file);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  /**
   * Puts a secret in the place of another one, in one step.
   *
   * @throws StoreException when it cannot
   */
  public static void replace(Path file, Path by) {
    try {
      Files.move(by, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      flushDirectory(file);
    } catch (IOException e) {
      throw new StoreException(by + " cannot take the place of " + file + ": " + e.getMessage(), e);
    }
  }

  /** Not every system can; the file is in place anyway. */
  private static void flushDirectory(Path file) {
    try (FileChannel directory =
        FileChannel.open(Objects.requireNonNull(file.getParent()), StandardOpenOption.READ)) {
      directory.force(true);
    } catch (IOException e) {
      log.debug("the directory of {} cannot be flushed", file, e);
    }
  }

  /** A link, unlike a move, never takes the place of a file that another process has made. */
  private static void place(Path aside, Path file) throws IOException {
    try {
      Files.createLink(file, aside);
    } catch (FileAlreadyExistsException e) {
      // Another process was first: its file counts.
    } catch (IOException | UnsupportedOperationException e) {
      // The file system has no hard links.
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
