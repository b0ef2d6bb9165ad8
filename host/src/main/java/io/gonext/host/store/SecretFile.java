package io.gonext.host.store;

import io.gonext.host.failure.StoreException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.function.Supplier;

/** A secret on disk: made on first use, readable by its owner only, the same from then on. */
public final class SecretFile {
  private SecretFile() {}

  /**
   * What is in the file, after creating it where it does not exist. To be called by the one host
   * that holds the directory.
   *
   * @throws StoreException when it can be neither read nor written
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

  /** Written aside, flushed and moved, so that a crash leaves a whole secret or none. */
  private static void create(Path file, byte[] secret) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(aside);
    OwnersFile.create(aside);
    try (FileChannel channel = FileChannel.open(aside, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(secret));
      channel.force(true);
    }
    Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
