package io.gonext.host.internal.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Files that only their owner can read or write, on file systems with such permissions. */
final class OwnersFile {
  private static final Logger LOG = LoggerFactory.getLogger(OwnersFile.class);

  private static final Set<PosixFilePermission> OWNERS =
      PosixFilePermissions.fromString("rw-------");

  private OwnersFile() {}

  /** Creates an empty one. */
  static void create(Path file) throws IOException {
    Files.createFile(
        file,
        isPosix(file)
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(OWNERS)}
            : new FileAttribute<?>[0]);
  }

  /** Removes the permissions of all others from a file, and warns when it cannot. */
  static void keep(Path file) {
    try {
      if (Files.exists(file)
          && isPosix(file)
          && !OWNERS.containsAll(Files.getPosixFilePermissions(file))
          && !SecretFile.isGiven(file)) {
        Files.setPosixFilePermissions(file, OWNERS);
      }
    } catch (IOException e) {
      LOG.warn("{} may be readable by others, and its permissions cannot be changed", file, e);
    }
  }

  static boolean isPosix(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
