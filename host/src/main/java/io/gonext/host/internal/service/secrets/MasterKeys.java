package io.gonext.host.internal.service.secrets;

import io.gonext.host.ConflictException;
import io.gonext.host.MasterKey;
import io.gonext.host.StoreException;
import io.gonext.host.internal.store.SecretFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The master keys of a host: the one in use, and the one that a rotation replaces it with. Which of
 * the two is in use after a rotation that was interrupted is what the store says.
 *
 * <p>Thread-safe.
 */
public sealed interface MasterKeys {
  /** The key that is in use before a rotation. */
  MasterKey current();

  /** The key of a rotation that was prepared, perhaps made. */
  Optional<MasterKey> next();

  /**
   * The key to rotate to.
   *
   * @throws ConflictException if the host has none and must not make one
   */
  MasterKey prepareNext();

  /** The next key is the one in use from now on: the store says so. */
  void promoteNext();

  /** Keys that an operator gives to all hosts of a database. */
  record Given(MasterKey current, Optional<MasterKey> next) implements MasterKeys {
    @Override
    public MasterKey prepareNext() {
      return next.orElseThrow(() ->
          new ConflictException(
              "this host has no next master key: start all hosts of the database with the new key"
                  + " in GONEXT_NEXT_MASTER_KEY or --next-master-key-file, and then rotate"));
    }

    @Override
    public void promoteNext() {
      // The operator does, by starting hosts with this key alone.
    }
  }

  /** Keys that a host makes for itself, in files of its data directory. */
  final class InFiles implements MasterKeys {
    private final Path file;
    private final Path nextFile;

    /** What is in the files, once it was read. Guarded by this, as is the next field. */
    private @Nullable MasterKey current;

    private @Nullable MasterKey next;

    public InFiles(Path dataDirectory) {
      this.file = dataDirectory.resolve("master.key");
      this.nextFile = dataDirectory.resolve("master.key.next");
    }

    @Override
    public synchronized MasterKey current() {
      if (current == null) {
        current = read(file);
      }
      return current;
    }

    @Override
    public synchronized Optional<MasterKey> next() {
      return next != null || Files.exists(nextFile) ? Optional.of(prepareNext()) : Optional.empty();
    }

    @Override
    public synchronized MasterKey prepareNext() {
      if (next == null) {
        next = read(nextFile);
      }
      return next;
    }

    @Override
    public synchronized void promoteNext() {
      MasterKey promoted = prepareNext();
      SecretFile.replace(file, nextFile);
      current = promoted;
      next = null;
    }

    private static MasterKey read(Path from) {
      try {
        return MasterKey.of(
            SecretFile.readOrCreate(from, () -> MasterKey.random().secretKey().getEncoded()));
      } catch (IllegalArgumentException e) {
        throw new StoreException(
            from + " is damaged: put a backup in its place; without it the secrets cannot be read",
            e);
      }
    }
  }
}
