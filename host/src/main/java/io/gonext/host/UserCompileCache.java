package io.gonext.host;

import io.gonext.engine.CompileCache;
import io.gonext.host.internal.store.SecretFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Map;
import java.util.Set;

/**
 * Compiled modules that all hosts of one user share, so that a module is compiled once on a machine
 * and not once for each data directory. What is in it is code that those hosts will run: the
 * directory and the key in it that signs the entries belong to the user alone.
 */
public final class UserCompileCache {
  private static final String KEY = "key";
  private static final int KEY_BYTES = 32;

  private static final Set<PosixFilePermission> OWNER_ONLY =
      PosixFilePermissions.fromString("rwx------");

  private UserCompileCache() {}

  /**
   * Opens the user's cache, below {@code XDG_CACHE_HOME} or {@code ~/.cache}.
   *
   * @throws IOException as {@link #open(Path)}
   */
  public static CompileCache open() throws IOException {
    return open(directory(System.getenv(), "compiled"));
  }

  /** The directory of one of the user's caches. */
  public static Path directory(Map<String, String> environment, String name) {
    String caches = environment.getOrDefault("XDG_CACHE_HOME", "");
    // The XDG specification says to ignore relative paths.
    Path base =
        !caches.isEmpty() && Path.of(caches).isAbsolute()
            ? Path.of(caches)
            : Path.of(System.getProperty("user.home"), ".cache");
    return base.resolve("gonext").resolve(name);
  }

  /**
   * Opens the cache in this directory, which is made where it does not exist. Any number of
   * processes may do so at once.
   *
   * @throws IOException when it cannot be used: it cannot be written, or others than this user can
   *     write to it, with what to do about it
   */
  public static CompileCache open(Path directory) throws IOException {
    boolean posix = directory.getFileSystem().supportedFileAttributeViews().contains("posix");
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      Path parent = directory.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      if (posix) {
        Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
      } else {
        Files.createDirectories(directory);
      }
    }
    if (posix) {
      requireOwn(directory);
    }
    return CompileCache.open(
        directory, key(directory.resolve(KEY)), HostOpening.COMPILE_CACHE_BYTES);
  }

  private static void requireOwn(Path directory) throws IOException {
    var attributes =
        Files.readAttributes(directory, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    String user = System.getProperty("user.name");
    if (!attributes.isDirectory()) {
      throw new IOException(directory + " is not a directory");
    }
    if (!attributes.owner().getName().equals(user)) {
      throw new IOException(
          directory + " belongs to " + attributes.owner().getName() + ", not to " + user);
    }
    if (!OWNER_ONLY.containsAll(attributes.permissions())) {
      throw new IOException(
          directory
              + " is open to others ("
              + PosixFilePermissions.toString(attributes.permissions())
              + "): chmod 700 "
              + directory
              + ", after deleting what is in it");
    }
  }

  private static byte[] key(Path file) throws IOException {
    byte[] key;
    try {
      key = SecretFile.readOrCreate(file, UserCompileCache::fresh);
    } catch (StoreException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (key.length != KEY_BYTES) {
      throw new IOException(file + " is damaged: delete it");
    }
    return key;
  }

  private static byte[] fresh() {
    byte[] fresh = new byte[KEY_BYTES];
    new SecureRandom().nextBytes(fresh);
    return fresh;
  }
}
