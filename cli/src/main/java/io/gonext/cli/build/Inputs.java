package io.gonext.cli.build;

import io.gonext.host.manifest.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
 * The files that a build reads, with the hashes of their contents at one moment. Immutable.
 *
 * @param files by their path relative to the project
 */
public record Inputs(Map<Path, Entry> files) {
  /** The hash of a file, and attributes that show without reading whether it has changed. */
  public record Entry(String hash, long size, FileTime modified, @Nullable Object key) {
    boolean looksLike(BasicFileAttributes now) {
      return size == now.size()
          && modified.equals(now.lastModifiedTime())
          && java.util.Objects.equals(key, now.fileKey());
    }
  }

  /** Larger files are compared by size and time only; in bytes. */
  private static final long HASHED_BYTES = 64L * 1024 * 1024;

  public static final Inputs NONE = new Inputs(Map.of());

  /** Collects the files of several directories. */
  static final class Scan {
    private final Path base;
    private final Inputs before;
    private final Set<Path> touched;
    private final Consumer<Path> links;
    private final Map<Path, Entry> files = new TreeMap<>();

    /**
     * @param base the directory that all paths are relative to
     * @param before an earlier scan: files with the same attributes are not read again
     * @param touched files that are read even if their attributes are the same
     * @param links receives the target of each symbolic link
     */
    Scan(Path base, Inputs before, Set<Path> touched, Consumer<Path> links) {
      this.base = base;
      this.before = before;
      this.touched = touched;
      this.links = links;
    }

    /**
     * Adds the files of a directory tree. Links to files are followed, links to directories are
     * not.
     */
    void add(Path root, SkipRules rules) throws IOException {
      FileWalk.walk(
          root,
          rules,
          (file, seen) -> {
            try {
              see(file, seen);
            } catch (IOException e) {
              // It is gone or unreadable: the build does not read it either.
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

  /** The files inside a project; see {@link Scan}. */
  public static Inputs scan(Path root, SkipRules rules, Inputs before, Set<Path> touched)
      throws IOException {
    Scan scan = new Scan(root, before, touched, link -> {});
    scan.add(root, rules);
    return scan.inputs();
  }

  private static Entry read(Path file, BasicFileAttributes now) throws IOException {
    String hash =
        now.size() > HASHED_BYTES
            ? now.size() + " bytes, " + now.lastModifiedTime()
            : Sha256.hex(Files.readAllBytes(file));
    return new Entry(hash, now.size(), now.lastModifiedTime(), now.fileKey());
  }

  /** The files that were changed, added or removed, sorted. */
  public List<Path> differenceTo(Inputs other) {
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

  /** These inputs, with the files that match taken from {@code others}. */
  public Inputs with(Inputs others, Predicate<Path> which) {
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
