package io.gonext.cli.dev;

import io.gonext.cli.build.Inputs;
import io.gonext.cli.build.SkipRules;
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
 * Finds the inputs of a build that the build itself writes: a version file, generated sources, a
 * log. Their change during a build must not start the next build, which would change them again.
 *
 * <p>The lock files of a toolchain are known by name. Any other file counts when it changes during
 * {@value #BUILDS} builds in a row and never between them. A user who saves the same file many
 * times also saves it between builds: from the second build on, the loop waits before it builds
 * again because of such a file. Owned by one thread.
 */
final class BuildWrites {
  /** After this many builds in a row, a file counts as written by the build. */
  static final int BUILDS = 4;

  /** After this many builds in a row, a change of the file no longer cancels the build. */
  private static final int SUSPECT = 2;

  /** A file; or any new file in a directory, since names may change with each build. */
  private record Key(Path path, boolean isNew) {}

  /** How many builds in a row changed the file, and the number of the last one. */
  private record Run(int builds, int last) {}

  private final Set<String> names;
  private final Map<Key, Run> runs = new HashMap<>();
  private final Set<Key> sure = new HashSet<>();
  private final Set<Key> reported = new HashSet<>();

  /**
   * @param names of the files that the toolchain writes
   */
  BuildWrites(Set<String> names) {
    this.names = names;
  }

  /**
   * Records the files that changed while a build ran.
   *
   * @param build the number of the build; numbers are consecutive
   * @param before the inputs at the start of the build
   * @return the files that count as written by the build from now on, if not reported before
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
        if (next.builds >= BUILDS && sure.add(key) && reported.add(key)) {
          found.add(SkipRules.slashed(path));
        }
      }
    }
    return List.copyOf(found);
  }

  /**
   * Records that a file changed while no build ran: someone else writes it. If it counted as
   * written by the build, the next build decides again.
   *
   * @param build the number of the last build
   */
  void changedAtRest(int build, Path path) {
    for (Key key : List.of(new Key(path, false), new Key(parent(path), true))) {
      runs.remove(key);
      if (sure.remove(key)) {
        runs.put(key, new Run(BUILDS - 1, build));
      }
    }
  }

  /** Whether the build itself made a change during the build. */
  boolean areOwn(Path path, Inputs before) {
    return names.contains(path.getFileName().toString()) || isFoundOut(path, before);
  }

  /** Whether the file was found to be written by the build. */
  boolean isFoundOut(Path path, Inputs before) {
    return sure.contains(key(path, before));
  }

  /** Whether the build may write the file; the next builds decide. */
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
