package io.gonext.cli.dev;

import io.gonext.cli.build.SourceTrees;
import java.util.List;

/** Watches a project, and directories outside the project. */
interface TreeWatcher extends FileWatcher {
  /**
   * Sets the directories outside the project to watch. Called after {@link #start}, by one thread.
   *
   * @return sentences about directories that cannot be watched
   */
  List<String> alsoWatch(List<SourceTrees.Tree> outside);
}
