package io.gonext.cli.build;

import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The paths outside a project that its build files mention: path dependencies in {@code
 * Cargo.toml}, {@code replace} lines of {@code go.mod} with a directory, {@code file:} dependencies
 * in {@code package.json}, and paths of a Makefile that begin with {@code ../}. The files are
 * searched as text, not parsed. {@code --watch-also} adds a path that this search misses.
 */
final class BuildFiles {
  private static final Pattern TOML_TABLE = Pattern.compile("^\\s*\\[+\\s*([^\\]]+?)\\s*]+");
  private static final Pattern TOML_PATH =
      Pattern.compile("(?:^|[{,.\\s])path\\s*=\\s*(?:\"([^\"]+)\"|'([^']+)')");
  private static final Pattern TOML_WORKSPACE =
      Pattern.compile("^\\s*\\[workspace[\\].]", Pattern.MULTILINE);

  /** The right-hand side of a replacement that is a directory. */
  private static final Pattern GO_REPLACEMENT =
      Pattern.compile("=>\\s*\"?((?:\\.{1,2})?/[^\\s\"]*|\\.{1,2})\"?");

  private static final Pattern GO_USE =
      Pattern.compile("^\\s*(?:use\\s+)?\"?((?:\\.{1,2})?/[^\\s\"]*|\\.{1,2})\"?\\s*$");

  private static final Pattern PACKAGE_PATH = Pattern.compile("(?:file|link|portal):(.+)");

  /** Ends in a name: {@code ../..} alone is only a prefix of other paths. */
  private static final Pattern MAKE_PATH =
      Pattern.compile("(?<![\\w./-])(?:\\.\\./)+(?:[\\w.-]+/)*[\\w.-]*\\w");

  private static final List<String> DEPENDENCIES =
      List.of("dependencies", "devDependencies", "optionalDependencies", "peerDependencies");

  private final Set<Path> found = new LinkedHashSet<>();
  private final Deque<Path> waiting = new ArrayDeque<>();
  private final Set<Path> read = new TreeSet<>();

  private BuildFiles() {}

  /**
   * The directories and files that the build files of a project mention, and those that the build
   * files of these directories mention. Absolute; some may be inside the project or not exist.
   */
  static Set<Path> outsideOf(Path root) {
    BuildFiles files = new BuildFiles();
    files.makefile(root);
    files.workspaces(root);
    files.waiting.add(root);
    for (Path next = files.waiting.poll(); next != null; next = files.waiting.poll()) {
      if (files.read.add(next)) {
        files.cargo(next.resolve("Cargo.toml"));
        files.go(next.resolve("go.mod"));
        files.npm(next.resolve("package.json"));
      }
    }
    return files.found;
  }

  /** Finds the workspace files above the project that its build reads. */
  private void workspaces(Path root) {
    boolean isCargo = Files.isRegularFile(root.resolve("Cargo.toml"));
    boolean isGo = Files.isRegularFile(root.resolve("go.mod"));
    for (Path above = root.getParent(); above != null; above = above.getParent()) {
      Path cargo = above.resolve("Cargo.toml");
      String text = isCargo ? text(cargo) : null;
      if (text != null && TOML_WORKSPACE.matcher(text).find()) {
        found.add(cargo);
        cargo(cargo);
        isCargo = false;
      }
      Path work = above.resolve("go.work");
      if (isGo && Files.isRegularFile(work)) {
        found.add(work);
        go(work);
        isGo = false;
      }
    }
  }

  private void cargo(Path file) {
    String text = text(file);
    if (text == null) {
      return;
    }
    String table = "";
    for (String line : text.lines().toList()) {
      if (line.strip().startsWith("#")) {
        continue;
      }
      Matcher header = TOML_TABLE.matcher(line);
      if (header.find()) {
        table = header.group(1);
        continue;
      }
      boolean names =
          table.contains("dependencies")
              || table.startsWith("patch")
              || table.startsWith("replace");
      // Another table may contain a dotted key: dependencies.x.path = "...".
      if (names || line.contains("dependencies")) {
        Matcher path = TOML_PATH.matcher(line);
        while (path.find()) {
          add(file, path.group(1) == null ? path.group(2) : path.group(1));
        }
      }
    }
  }

  private void go(Path file) {
    String text = text(file);
    if (text == null) {
      return;
    }
    boolean isWork = file.endsWith("go.work");
    for (String line : text.lines().toList()) {
      String code = line.replaceFirst("//.*", "");
      Matcher replacement = GO_REPLACEMENT.matcher(code);
      if (replacement.find()) {
        add(file, replacement.group(1));
        continue;
      }
      Matcher use = GO_USE.matcher(code);
      if (isWork && use.find()) {
        add(file, use.group(1));
      }
    }
  }

  private void npm(Path file) {
    String text = text(file);
    if (text == null) {
      return;
    }
    try {
      JsonNode about = StrictJson.parse(text.getBytes(StandardCharsets.UTF_8));
      for (String kind : DEPENDENCIES) {
        for (JsonNode version : about.path(kind).values()) {
          Matcher path = PACKAGE_PATH.matcher(version.asString(""));
          if (path.matches()) {
            add(file, path.group(1));
          }
        }
      }
    } catch (InvalidJsonException e) {
      // npm reports it.
    }
  }

  private void makefile(Path root) {
    for (String name : Toolchains.MAKEFILES) {
      Path file = root.resolve(name);
      String text = text(file);
      if (text != null) {
        Matcher path = MAKE_PATH.matcher(text);
        while (path.find()) {
          add(file, path.group());
        }
        return;
      }
    }
  }

  private void add(Path file, String path) {
    try {
      Path directory = file.resolveSibling(path).normalize();
      found.add(directory);
      waiting.add(directory);
    } catch (InvalidPathException e) {
      // Not a valid path on this system.
    }
  }

  private static @Nullable String text(Path file) {
    try {
      return Files.isRegularFile(file) ? Files.readString(file, StandardCharsets.UTF_8) : null;
    } catch (IOException e) {
      // The file is gone, unreadable or not text.
      return null;
    }
  }
}
