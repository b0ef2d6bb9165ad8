package io.gonext.cli.dev;

import java.nio.file.Path;
import java.util.function.Consumer;

/** Reports that files of a directory may have changed. */
interface FileWatcher extends AutoCloseable {
  /**
   * Begins to watch. Every change after this method returns is reported.
   *
   * @param changed receives the path relative to the directory, or an empty path when any file may
   *     have changed, on a thread of the watcher
   * @return how it watches, for people; empty in the normal case
   */
  String start(Consumer<Path> changed) throws java.io.IOException;

  /** Stops; nothing is reported afterwards. */
  @Override
  void close();
}
