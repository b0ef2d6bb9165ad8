package io.gonext.host.internal.store;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Objects;
import org.h2.store.fs.FilePath;
import org.h2.store.fs.FilePathWrapper;
import org.jspecify.annotations.Nullable;

/**
 * A path in a file system of H2 for one embedded database: a file of the disk, opened as a {@link
 * SteadyFile}.
 *
 * <p>H2 has a file system {@code async:} whose files survive interrupts as well. It hands each read
 * and write to another thread.
 *
 * <p>Public with a public constructor because H2 makes instances. Immutable once made.
 */
public final class SteadyFiles extends FilePathWrapper {
  private @Nullable StoreFiles files;

  /** For H2, which makes paths from a path. */
  public SteadyFiles() {}

  SteadyFiles(StoreFiles files) {
    this.files = files;
  }

  private StoreFiles files() {
    return Objects.requireNonNull(files, "a path is made from a path");
  }

  @Override
  public String getScheme() {
    return files().scheme();
  }

  @Override
  public FilePathWrapper getPath(String path) {
    return ofTheSame(super.getPath(path));
  }

  @Override
  public FilePathWrapper wrap(FilePath base) {
    return ofTheSame(super.wrap(base));
  }

  private FilePathWrapper ofTheSame(FilePathWrapper made) {
    if (made instanceof SteadyFiles path) {
      path.files = files;
    }
    return made;
  }

  @Override
  public FileChannel open(String mode) throws IOException {
    return files().open(unwrap().toString(), mode);
  }
}
