package io.gonext.cli.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** Files that are replaced in one step: a reader sees the old content or the new one. */
public final class AtomicFile {
  private AtomicFile() {}

  /** Replaces a file, or makes it. */
  public static void replace(Path file, byte[] bytes) throws IOException {
    Path aside = file.resolveSibling(file.getFileName() + ".new");
    try {
      Files.write(aside, bytes);
      Files.move(aside, file, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(aside);
    }
  }

  /**
   * As {@link #replace}, for a file that the command line names.
   *
   * @throws CommandFailure when it cannot be written
   */
  public static void write(Path file, byte[] bytes) {
    try {
      replace(file, bytes);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          file
              + " cannot be written: its directory must exist, and you must be allowed to write to"
              + " it");
    }
  }
}
