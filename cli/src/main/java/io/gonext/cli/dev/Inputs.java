package io.gonext.cli.dev;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The files that a build reads, each with the hash of its content, at one moment. Immutable.
 *
 * @param files by their path relative to the project
 */
record Inputs(Map<Path, Entry> files) {
  /** A file's content, and by what to tell that it is still the same without reading it. */
  record Entry(String hash, long size, FileTime modified, @Nullable Object key) {
    boolean looksLike(BasicFileAttributes now) {
      return size == now.size()
          && modified.equals(now.lastModifiedTime())
          && java.util.Objects.equals(key, now.fileKey());
    }
  }

  /** Larger files are told by size and time alone, in bytes. */
  private static final long HASHED_BYTES = 64L * 1024 * 1024;

  static final Inputs NONE = new Inputs(Map.of());

  /** Looks at all files of some directories, one directory after the other. */
  static final class Scan {
    private final Path base;
    private final Inputs before;
    private final Set<Path> touched;
    private final Consumer<Path> links;
    private final Map<Path, Entry> files = new TreeMap<>();

    /**
     * @param base what all paths are relative to
     * @param before what was there earlier: files that look the same are not read again
     * @param touched files that may have changed even if they look the same
     * @param links is told where each symbolic link leads to
     */
    Scan(Path base, Inputs before, Set<Path> touched, Consumer<Path> links) {
      this.base = base;
      this.before = before;
      this.touched = touched;
      this.links = links;
    }

    /** Looks at a directory and all below it; links are followed to files alone. */
    void add(Path root, SkipRules rules) throws IOException {
      Files.walkFileTree(
          root,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes now) {
              return rules.skips(root.relativize(directory), true)
                  ? FileVisitResult.SKIP_SUBTREE
                  : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes seen) {
              if (!rules.skips(root.relativize(file), false)) {
                try {
                  see(file, seen);
                } catch (IOException e) {
                  // Gone, or not for us to read: as if it were not there.
                }
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (file.equals(root)) {
                throw e;
              }
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e) {
              return FileVisitResult.CONTINUE;
            }
          });
    }

    private void see(Path file, BasicFileAttributes seen) throws IOException {
      BasicFileAttributes now = seen;
      if (seen.isSymbolicLink()) {
        links.accept(file.toRealPath());
        now = Files.readAttributes(file, BasicFileAttributes.class);
      }
      if (now.isRegularFile()) {
        Path relative = base.relativize(file);
        Entry known = before.files.get(relative);
        files.put(
            relative,
            known != null && known.looksLike(now) && !touched.contains(relative)
                ? known
                : read(file, now));
      }
    }

    Inputs inputs() {
      return new Inputs(files);
    }
  }

  /** Looks at all files of a project that are inside of it; see {@link Scan}. */
  static Inputs scan(Path root, SkipRules rules, Inputs before, Set<Path> touched)
      throws IOException {
    Scan scan = new Scan(root, before, touched, link -> {});
    scan.add(root, rules);
    return scan.inputs();
  }

  private static Entry read(Path file, BasicFileAttributes now) throws IOException {
    String hash =
        now.size() > HASHED_BYTES
            ? now.size() + " bytes, " + now.lastModifiedTime()
            : Artifact.sha256(Files.readAllBytes(file));
    return new Entry(hash, now.size(), now.lastModifiedTime(), now.fileKey());
  }

  /** The files whose content is not the same, sorted; added and removed ones among them. */
  List<Path> differenceTo(Inputs other) {
    Set<Path> changed = new TreeSet<>();
    other.files.forEach((path, entry) -> {
      Entry mine = files.get(path);
      if (mine == null || !mine.hash.equals(entry.hash)) {
        changed.add(path);
      }
    });
    files.keySet().stream().filter(path -> !other.files.containsKey(path)).forEach(changed::add);
    return new ArrayList<>(changed);
  }

  /** These inputs, with some files as they are in others. */
  Inputs with(Inputs others, Predicate<Path> which) {
    Map<Path, Entry> merged = new LinkedHashMap<>(files);
    merged.keySet().removeIf(which);
    others.files.forEach((path, entry) -> {
      if (which.test(path)) {
        merged.put(path, entry);
      }
    });
    return new Inputs(merged);
  }
}
