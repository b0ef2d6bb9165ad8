package io.gonext.cli.dev;

import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a project have no part in what is built: outputs, dependencies, editors' temporary
 * files, and what {@code .gitignore} names. {@code manifest.json} always has. Thread-safe.
 */
final class SkipRules {
  /** Skipped wherever they are. */
  private static final Set<String> DIRECTORIES =
      Set.of("node_modules", ".git", ".hg", ".svn", ".jj", ".idea", ".vscode", "__pycache__");

  /** Skipped beside a build file only: {@code src/build/} may well hold sources. */
  private static final Set<String> OUTPUTS = Set.of("build", "target", "vendor", "dist");

  private static final List<String> BUILD_FILES =
      List.of(
          "Cargo.toml",
          "go.mod",
          "package.json",
          "Makefile",
          "makefile",
          "GNUmakefile",
          "CMakeLists.txt",
          "manifest.json");

  /** vim, Emacs, JetBrains, Kate, gedit, and NFS where a file is deleted while open. */
  private static final Pattern TEMPORARY =
      Pattern.compile(
          ".*~|\\.#.*|#.*#|4913|\\..*\\.sw[a-z]|.*\\.swp|.*\\.sw[ox]|.*___jb_(?:tmp|old|bak)___"
              + "|.*\\.kate-swp|\\.goutputstream-.*|\\.nfs.*|\\.DS_Store|Thumbs\\.db");

  /** What {@code gonext plugin pack} writes beside the sources. */
  private static final String BUNDLE = ".gnplugin";

  /** Where a Makefile may put the module, in place of {@link Toolchain#OUTPUT}. */
  static final Path MODULE_IN_PLACE = Path.of("plugin.wasm");

  private static final IgnoreFile NOTHING = new IgnoreFile("");

  private final Path root;

  /** Relative to {@link #root}; filled as they are needed, emptied when one has changed. */
  private final Map<Path, IgnoreFile> ignoreFiles = new ConcurrentHashMap<>();

  /** The files that alone count, relative; null where all do. */
  private final @Nullable Set<Path> only;

  /** A directory below that is somebody else's to look at, relative; or null. */
  private final @Nullable Path not;

  SkipRules(Path root) {
    this(root, null, null);
  }

  private SkipRules(Path root, @Nullable Set<Path> only, @Nullable Path not) {
    this.root = root;
    this.only = only == null ? null : Set.copyOf(only);
    this.not = not;
  }

  /** Of a directory in which these files alone count. */
  static SkipRules only(Path root, Set<Path> files) {
    return new SkipRules(root, files, null);
  }

  /** Of a directory outside a project, which may be one above it. */
  static SkipRules outside(Path root, Path project) {
    return new SkipRules(root, null, project.startsWith(root) ? root.relativize(project) : null);
  }

  /** Reads the {@code .gitignore} files anew. */
  void reload() {
    ignoreFiles.clear();
  }

  /**
   * Whether a file or directory is skipped, by itself or since one above it is.
   *
   * @param relative to the project; the project itself is never skipped
   */
  boolean skips(Path relative, boolean isDirectory) {
    int names = relative.getNameCount();
    if (relative.toString().isEmpty()
        || (only == null && relative.equals(Path.of("manifest.json")))) {
      return false;
    }
    if (only != null) {
      return isDirectory || !only.contains(relative);
    }
    if (not != null && relative.startsWith(not)) {
      return true;
    }
    for (int i = 1; i <= names; i++) {
      if (skipsItself(relative.subpath(0, i), i < names || isDirectory)) {
        return true;
      }
    }
    return false;
  }

  private boolean skipsItself(Path relative, boolean isDirectory) {
    String name = relative.getFileName().toString();
    if (TEMPORARY.matcher(name).matches()
        || (!isDirectory && (name.endsWith(BUNDLE) || relative.equals(MODULE_IN_PLACE)))) {
      return true;
    }
    if (isDirectory
        && (DIRECTORIES.contains(name)
            || (OUTPUTS.contains(name) && isBesideBuildFile(relative)))) {
      return true;
    }
    return isIgnored(relative, isDirectory);
  }

  private boolean isBesideBuildFile(Path relative) {
    Path parent = relative.getParent();
    return parent == null
        || BUILD_FILES.stream().anyMatch(file -> Files.exists(root.resolve(parent).resolve(file)));
  }

  /** The nearest .gitignore with an opinion decides. */
  private boolean isIgnored(Path relative, boolean isDirectory) {
    List<Path> above = new ArrayList<>();
    for (Path parent = relative.getParent(); parent != null; parent = parent.getParent()) {
      above.add(parent);
    }
    above.add(Path.of(""));
    for (Path directory : above) {
      Path inside = directory.toString().isEmpty() ? relative : directory.relativize(relative);
      IgnoreFile.Verdict verdict = ignoreFile(directory).of(bytes(inside), isDirectory);
      if (verdict != IgnoreFile.Verdict.UNKNOWN) {
        return verdict == IgnoreFile.Verdict.IGNORED;
      }
    }
    return false;
  }

  private IgnoreFile ignoreFile(Path directory) {
    return ignoreFiles.computeIfAbsent(
        directory,
        key -> {
          Path file = root.resolve(key).resolve(".gitignore");
          try {
            return Files.isRegularFile(file)
                ? new IgnoreFile(Files.readString(file, StandardCharsets.ISO_8859_1))
                : NOTHING;
          } catch (IOException e) {
            return NOTHING;
          }
        });
  }

  /**
   * A path with slashes, each of its bytes a character: what {@code .gitignore} is read as, and how
   * Git compares them.
   */
  private static String bytes(Path path) {
    String text = slashed(path);
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text;
    }
    // In a locale without UTF-8 Java cannot say such a name, but its URI has all of its bytes.
    String uri = path.toUri().getRawPath();
    String below = uri.substring(Path.of("").toUri().getRawPath().length());
    return URLDecoder.decode(
        below.replaceFirst("/$", "").replace("+", "%2B"), StandardCharsets.ISO_8859_1);
  }

  static String slashed(Path path) {
    return path.toString().replace('\\', '/');
  }
}
