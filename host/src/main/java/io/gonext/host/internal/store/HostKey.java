package io.gonext.host.internal.store;

import io.gonext.host.StoreException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;

/** The secret of one data directory, with which the host signs what it will trust later. */
public final class HostKey {
  static final String FILE = "host.key";
  private static final int BYTES = 32;

  private HostKey() {}

  /**
   * Checks that no host has ever opened its store in this directory: the key is made just after the
   * store.
   *
   * @param why what is wrong where one has
   * @throws StoreException when one has
   */
  static void requireNone(Path directory, String why) {
    Path key = directory.resolve(FILE);
    if (Files.exists(key)) {
      throw new StoreException(
          why
              + ", but a host has worked in this directory before: put a backup in its place, name"
              + " the host's database with --db, or delete "
              + key
              + " to begin with an empty store",
          null);
    }
  }

  /**
   * The key, which is the same each time. Only the host that holds the directory may call this.
   *
   * @throws StoreException when it cannot be read or written
   */
  public static byte[] of(Path directory) {
    Path file = directory.resolve(FILE);
    byte[] key =
        SecretFile.readOrCreate(
            file,
            () -> {
              byte[] fresh = new byte[BYTES];
              new SecureRandom().nextBytes(fresh);
              return fresh;
            });
    if (key.length != BYTES) {
      throw new StoreException(
          file + " is damaged: delete it, and what it signed is made anew", null);
    }
    return key;
  }
}
