package io.gonext.cli.build;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * All directories whose files a build reads: the project, the targets of its links, the paths in
 * its build files, and the paths that the user gave. Owned by one thread.
 */
public final class SourceTrees {
  /**
   * A directory outside the project, or some of its files.
   *
   * @param root absolute
   */
  public record Tree(Path root, SkipRules rules) {}

  private final Path root;
  private final SkipRules rules;

  /** The paths that the user gave, absolute. */
  private final List<Path> named;

  /** By root. */
  private Map<Path, Tree> outside = new TreeMap<>();

  /** The files that count, for the trees of which not all count; by root. */
  private Map<Path, Set<Path>> onlyFiles = Map.of();

  private boolean changed;

  /**
   * @param root of the project, absolute
   * @param rules of the project
   * @param named further directories and files, absolute; they may not exist yet
   */
  public SourceTrees(Path root, SkipRules rules, List<Path> named) {
    this.root = root;
    this.rules = rules;
    this.named = List.copyOf(named);
  }

  /**
   * Collects all files, and finds the directories outside the project again.
   *
   * @param before an earlier scan: files with the same attributes are not read again
   * @param touched files, relative to the project, that are read even if their attributes are the
   *     same
   */
  public Inputs scan(Inputs before, Set<Path> touched) throws IOException {
    Set<Path> links = new TreeSet<>();
    Inputs.Scan scan = new Inputs.Scan(root, before, touched, links::add);
    scan.add(root, rules);
    Set<Path> wanted = new LinkedHashSet<>(named);
    wanted.addAll(BuildFiles.outsideOf(root));
    // The target of a link may contain links too.
    Set<Path> scanned = new TreeSet<>();
    do {
      wanted.addAll(links);
      settle(wanted);
      for (Tree tree : outside.values()) {
        if (scanned.add(tree.root)) {
          try {
            scan.add(tree.root, tree.rules);
          } catch (IOException e) {
            // The directory is gone for the moment.
          }
        }
      }
    } while (wanted.addAll(links));
    return scan.inputs();
  }

  /** The trees outside the project, sorted. */
  public List<Tree> outside() {
    return List.copyOf(outside.values());
  }

  /** Whether the trees outside changed since the last call. */
  public boolean haveChanged() {
    boolean answer = changed;
    changed = false;
    return answer;
  }

  /**
   * The paths of the trees for people, relative to the project; single files where only they count.
   */
  public List<String> shown() {
    List<String> shown = new ArrayList<>();
    for (Tree tree : outside.values()) {
      Set<Path> only = onlyFiles.get(tree.root);
      if (only == null) {
        shown.add(SkipRules.slashed(root.relativize(tree.root)));
      } else {
        only.forEach(
            file -> shown.add(SkipRules.slashed(root.relativize(tree.root.resolve(file)))));
      }
    }
    return shown;
  }

  /** Makes trees of the wanted paths; a path inside another tree does not become a tree. */
  private void settle(Set<Path> wanted) {
    Set<Path> directories = new TreeSet<>();
    Map<Path, Set<Path>> files = new TreeMap<>();
    for (Path path : wanted) {
      Path real = real(path);
      if (isOfProject(real)) {
        continue;
      }
      Path parent = real.getParent();
      if (Files.isDirectory(real)) {
        directories.add(real);
      } else if (parent != null && Files.isRegularFile(real)) {
        files.computeIfAbsent(parent, key -> new TreeSet<>()).add(real.getFileName());
      }
    }
    directories.removeIf(path ->
        directories.stream().anyMatch(other -> !other.equals(path) && path.startsWith(other)));
    files.keySet().removeIf(path -> directories.stream().anyMatch(path::startsWith));
    Map<Path, Tree> settled = new TreeMap<>();
    for (Path directory : directories) {
      Tree there = outside.get(directory);
      settled.put(
          directory,
          there != null && !onlyFiles.containsKey(directory)
              ? there
              : new Tree(directory, SkipRules.outside(directory, root)));
    }
    files.forEach((directory, only) ->
        settled.put(
            directory,
            only.equals(onlyFiles.get(directory)) && outside.containsKey(directory)
                ? outside.get(directory)
                : new Tree(directory, SkipRules.only(directory, only))));
    if (!settled.equals(outside)) {
      changed = true;
      outside = settled;
      onlyFiles = new LinkedHashMap<>(files);
    }
  }

  /** Whether the scan of the project includes the path. */
  private boolean isOfProject(Path path) {
    Path mine = real(root);
    return path.startsWith(mine) && !rules.skips(mine.relativize(path), Files.isDirectory(path));
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path.toAbsolutePath().normalize();
    }
  }
}
