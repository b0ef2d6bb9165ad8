package io.gonext.cli.dev;

import java.util.List;

/** Watches a project, and directories outside of it that come and go. */
interface TreeWatcher extends FileWatcher {
  /**
   * Watches these directories too, and no others outside the project, from now on. Called after
   * {@link #start}, by one thread.
   *
   * @return what cannot be watched and why, for people
   */
  List<String> alsoWatch(List<SourceTrees.Tree> outside);
}
