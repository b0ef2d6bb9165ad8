package io.gonext.cli.dev;

import java.nio.file.Path;
import java.util.function.Consumer;

/** Tells that files of a directory may have changed. */
interface FileWatcher extends AutoCloseable {
  /**
   * Begins to watch; what changes after this returns is told.
   *
   * @param changed is given the path relative to the directory, an empty one for "anything", on a
   *     thread of the watcher's
   * @return how it watches, for people; empty when there is nothing to say
   */
  String start(Consumer<Path> changed) throws java.io.IOException;

  /** Stops; nothing is told afterwards. */
  @Override
  void close();
}
