package io.gonext.cli.build;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A copy of what a build reads, as a clean checkout would have it: the project and the directories
 * beside it that its build files name, at the same places relative to each other, without the
 * outputs of earlier builds and without what {@code .gitignore} excludes. Packages of npm are not
 * copied but linked.
 */
public final class ProjectCopy {
  /** Files above a project that change its build. */
  private static final List<String> ABOVE =
      List.of(
          ".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain", ".npmrc");

  private static final Set<String> WORKSPACES = Set.of("Cargo.toml", "go.work");

  /** Read by builds and by {@code plugin pack}, whatever {@code .gitignore} says. */
  private static final List<String> ALWAYS =
      List.of("README.md", "LICENSE", "web", "migrations", "locales", "warmup", "vendor");

  private static final Path MODULES = Path.of("node_modules");

  private ProjectCopy() {}

  /**
   * Copies a project.
   *
   * @param into an empty directory
   * @param modified the time that all copied files get
   * @return the copy of the project, below {@code into}
   */
  public static Path of(Path project, Path into, FileTime modified) throws IOException {
    Path root = project.toRealPath();
    Set<Path> files = new TreeSet<>(inputs(root));
    for (String name : ALWAYS) {
      if (Files.exists(root.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
        try (Stream<Path> walk = Files.walk(root.resolve(name))) {
          walk.filter(Files::isRegularFile).forEach(file -> files.add(root.relativize(file)));
        }
      }
    }
    Path top = top(root, files);
    Path copy = into.resolve(top.relativize(root).toString()).normalize();
    for (Path file : files) {
      copyFile(root.resolve(file).normalize(), copy.resolve(file).normalize(), modified);
    }
    for (Path above = root.getParent();
        above != null && above.startsWith(top);
        above = above.getParent()) {
      for (String name : ABOVE) {
        if (Files.isRegularFile(above.resolve(name))) {
          copyFile(
              above.resolve(name), copy.resolve(root.relativize(above)).resolve(name), modified);
        }
      }
    }
    linkDirectories(root, copy);
    linkPackages(root, copy);
    return copy;
  }

  private static Set<Path> inputs(Path root) throws IOException {
    List<Path> workspaces = new ArrayList<>();
    for (Path file : BuildFiles.outsideOf(root)) {
      Path directory = file.getParent();
      if (directory != null
          && root.startsWith(directory)
          && WORKSPACES.contains(file.getFileName().toString())
          && Files.isRegularFile(file)) {
        // Its build needs the manifests of all members, and its lock file.
        workspaces.add(directory);
      }
    }
    Set<Path> files = new TreeSet<>();
    for (Path file :
        new SourceTrees(root, new SkipRules(root), workspaces)
            .scan(Inputs.NONE, Set.of())
            .files()
            .keySet()) {
      Path at = root.resolve(file).normalize();
      if (StreamSupport.stream(at.spliterator(), false).noneMatch(MODULES::equals)) {
        files.add(file);
      }
    }
    return files;
  }

  /** The directory above everything that is copied. */
  private static Path top(Path root, Set<Path> files) {
    Path parent = root.getParent();
    Path top = parent == null ? root : parent;
    for (Path file : files) {
      Path at = root.resolve(file).normalize();
      while (!at.startsWith(top) && top.getParent() != null) {
        top = top.getParent();
      }
    }
    for (Path above = top.getParent(); above != null; above = above.getParent()) {
      Path candidate = above;
      if (!isHome(candidate)
          && ABOVE.stream().anyMatch(name -> Files.isRegularFile(candidate.resolve(name)))) {
        top = candidate;
      }
    }
    return top;
  }

  /** The files of the user's directory hold for every build. */
  private static boolean isHome(Path directory) {
    return directory.equals(Path.of(System.getProperty("user.home", "/")));
  }

  private static void copyFile(Path from, Path to, FileTime modified) throws IOException {
    Files.createDirectories(to.resolveSibling(""));
    Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.COPY_ATTRIBUTES);
    Files.setLastModifiedTime(to, modified);
  }

  /** Keeps symbolic links to directories, whose files the build reads where they are. */
  private static void linkDirectories(Path root, Path copy) throws IOException {
    try {
      FileWalk.walk(
          root,
          new SkipRules(root),
          (file, attributes) -> {
            if (attributes.isSymbolicLink() && Files.isDirectory(file) && !file.endsWith(MODULES)) {
              link(copy.resolve(root.relativize(file)), file);
            }
          });
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void linkPackages(Path root, Path copy) {
    for (Path above = root; above != null; above = above.getParent()) {
      if (Files.isDirectory(above.resolve(MODULES))) {
        link(copy.resolve(MODULES), above.resolve(MODULES));
        return;
      }
    }
  }

  private static void link(Path link, Path target) {
    try {
      Files.createDirectories(link.resolveSibling(""));
      Files.createSymbolicLink(link, target.toRealPath());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
