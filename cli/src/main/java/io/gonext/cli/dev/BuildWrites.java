package io.gonext.cli.dev;

import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which inputs of a build the build itself writes: a version file, generated sources, a log. Their
 * change during a build is no reason for the next one, which would change them again.
 *
 * <p>The lock files of a toolchain are known by name. Any other file is found out: it is one that
 * changes during {@value #BUILDS} builds in a row and never between them. A user who saves one file
 * again and again does so between builds, too, since from the second build on the loop rests before
 * it builds again because of such a file. Owned by one thread.
 */
final class BuildWrites {
  /** So many builds in a row make it sure. */
  static final int BUILDS = 4;

  /** From so many on, a change does not cancel the build any more. */
  private static final int SUSPECT = 2;

  /** A file; or any file that is new in a directory, for names that change with each build. */
  private record Key(Path path, boolean isNew) {}

  /** In how many builds in a row it changed, and which was the last of them. */
  private record Run(int builds, int last) {}

  private final Set<String> names;
  private final Map<Key, Run> runs = new HashMap<>();
  private final Set<Key> sure = new HashSet<>();
  private final Set<Key> told = new HashSet<>();

  /**
   * @param names of files that the toolchain is known to write
   */
  BuildWrites(Set<String> names) {
    this.names = names;
  }

  /**
   * Says which files changed while a build ran.
   *
   * @param build its number; they go up by one
   * @param before what the build began with
   * @return what has become sure for the first time, for people
   */
  List<String> changedDuring(int build, Collection<Path> paths, Inputs before) {
    Set<String> found = new TreeSet<>();
    for (Path path : paths) {
      Key key = key(path, before);
      Run run = runs.get(key);
      if (run == null || run.last != build) {
        int builds = run != null && run.last == build - 1 ? run.builds + 1 : 1;
        Run next = new Run(builds, build);
        runs.put(key, next);
        if (next.builds >= BUILDS && sure.add(key) && told.add(key)) {
          found.add(SkipRules.slashed(path));
        }
      }
    }
    return List.copyOf(found);
  }

  /**
   * Says that a file changed while nothing was built: someone else writes it. Of one that was sure
   * before, the next build tells whether it is still written by that, too.
   *
   * @param build the number of the last one
   */
  void changedAtRest(int build, Path path) {
    for (Key key : List.of(new Key(path, false), new Key(parent(path), true))) {
      runs.remove(key);
      if (sure.remove(key)) {
        runs.put(key, new Run(BUILDS - 1, build));
      }
    }
  }

  /** Whether a change of it during a build is the build's own. */
  boolean areOwn(Path path, Inputs before) {
    return names.contains(path.getFileName().toString()) || isFoundOut(path, before);
  }

  /** Whether it was found out to be the build's own, and nobody needs to be told of it again. */
  boolean isFoundOut(Path path, Inputs before) {
    return sure.contains(key(path, before));
  }

  /** Whether it may be the build's own, which the next build is to tell. */
  boolean maybe(Path path, Inputs before) {
    Run run = runs.get(key(path, before));
    return run != null && run.builds >= SUSPECT;
  }

  private static Key key(Path path, Inputs before) {
    return before.files().containsKey(path) ? new Key(path, false) : new Key(parent(path), true);
  }

  private static Path parent(Path path) {
    return Objects.requireNonNullElse(path.getParent(), Path.of(""));
  }
}
