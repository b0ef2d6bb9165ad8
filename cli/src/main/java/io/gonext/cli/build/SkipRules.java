package io.gonext.cli.build;

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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which files of a project are not inputs of its build: outputs, dependencies, temporary files of
 * editors, and files that {@code .gitignore} excludes. {@code manifest.json} and {@link
 * AuthorFiles} are always inputs. Thread-safe.
 */
public final class SkipRules {
  /** Skipped everywhere. */
  private static final Set<String> DIRECTORIES =
      Set.of("node_modules", ".git", ".hg", ".svn", ".jj", ".idea", ".vscode", "__pycache__");

  /** Skipped only beside a build file: {@code src/build/} may contain sources. */
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

  /** Bundles, and what belongs to them: {@code gonext plugin pack} writes beside the sources. */
  private static final Pattern PACKED =
      Pattern.compile(".*\\.gnplugin(?:\\..*)?|.*\\.cdx\\.json|.*\\.provenance\\.json");

  /** Where a Makefile may write the module, instead of {@link Toolchain#OUTPUT}. */
  static final Path MODULE_IN_PLACE = Path.of("plugin.wasm");

  /** Inputs of each attempt, also if {@code .gitignore} excludes them. */
  private static final Set<Path> ALWAYS =
      Stream.concat(Stream.of(Path.of("manifest.json")), AuthorFiles.ALL.stream())
          .collect(Collectors.toUnmodifiableSet());

  private static final IgnoreFile NOTHING = new IgnoreFile("");

  private final Path root;

  /** By directory relative to {@link #root}; loaded when needed, cleared when one changes. */
  private final Map<Path, IgnoreFile> ignoreFiles = new ConcurrentHashMap<>();

  /** The only files that count, relative; null when all count. */
  private final @Nullable Set<Path> only;

  /** A directory below the root that other rules cover, relative; or null. */
  private final @Nullable Path not;

  public SkipRules(Path root) {
    this(root, null, null);
  }

  private SkipRules(Path root, @Nullable Set<Path> only, @Nullable Path not) {
    this.root = root;
    this.only = only == null ? null : Set.copyOf(only);
    this.not = not;
  }

  /** Rules for a directory of which only these files count. */
  public static SkipRules only(Path root, Set<Path> files) {
    return new SkipRules(root, files, null);
  }

  /** Rules for a directory outside a project; it may contain the project. */
  public static SkipRules outside(Path root, Path project) {
    return new SkipRules(root, null, project.startsWith(root) ? root.relativize(project) : null);
  }

  /** Reads the {@code .gitignore} files again. */
  public void reload() {
    ignoreFiles.clear();
  }

  /**
   * Whether a file or directory is skipped, by itself or because of a directory above it.
   *
   * @param relative to the project; the project itself is never skipped
   */
  public boolean skips(Path relative, boolean isDirectory) {
    int names = relative.getNameCount();
    if (relative.toString().isEmpty() || (only == null && ALWAYS.contains(relative))) {
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
        || (!isDirectory && (PACKED.matcher(name).matches() || relative.equals(MODULE_IN_PLACE)))) {
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

  /** The nearest .gitignore file with a matching rule decides. */
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
   * A path with slashes and one character for each byte, like the text of {@code .gitignore}. Git
   * compares bytes.
   */
  private static String bytes(Path path) {
    String text = slashed(path);
    if (text.chars().allMatch(c -> c < 0x80)) {
      return text;
    }
    // Without a UTF-8 locale, Java's text of such a name is lossy; its URI has all the bytes.
    String uri = path.toUri().getRawPath();
    String below = uri.substring(Path.of("").toUri().getRawPath().length());
    return URLDecoder.decode(
        below.replaceFirst("/$", "").replace("+", "%2B"), StandardCharsets.ISO_8859_1);
  }

  /** A path with slashes, on every system. */
  public static String slashed(Path path) {
    return path.toString().replace('\\', '/');
  }
}
