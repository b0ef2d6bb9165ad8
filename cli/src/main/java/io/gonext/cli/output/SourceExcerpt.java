package io.gonext.cli.output;

import io.gonext.engine.PlainText;
import io.gonext.engine.SourceLocation;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The lines of an author's source around a place, with a caret below the column. A place is a claim
 * of a module or of a recording, so only files inside the project are opened, and no large ones.
 */
public final class SourceExcerpt {
  private static final int LINES_AROUND = 3;
  private static final long MAX_FILE_BYTES = 4L * 1024 * 1024;
  private static final int MAX_CHARS = 160;

  private SourceExcerpt() {}

  /** The lines; empty if the project has no such place. */
  public static List<String> of(Path project, SourceLocation place) {
    Optional<Path> file = file(project, place.file());
    if (file.isEmpty()) {
      return List.of();
    }
    List<String> all;
    try {
      if (Files.size(file.get()) > MAX_FILE_BYTES) {
        return List.of();
      }
      all = new String(Files.readAllBytes(file.get()), StandardCharsets.UTF_8).lines().toList();
    } catch (IOException e) {
      return List.of();
    }
    if (place.line() < 1 || place.line() > all.size()) {
      return List.of();
    }
    List<String> lines = new ArrayList<>();
    lines.add(
        "  --> "
            + place.file()
            + ":"
            + place.line()
            + (place.column() > 0 ? ":" + place.column() : ""));
    int from = Math.max(1, place.line() - LINES_AROUND);
    int to = Math.min(all.size(), place.line() + LINES_AROUND);
    int width = Integer.toString(to).length();
    for (int number = from; number <= to; number++) {
      String line = all.get(number - 1);
      String shown = PlainText.of(line.replace("\t", "    "), MAX_CHARS);
      lines.add(("  %" + width + "d | %s").formatted(number, shown).stripTrailing());
      if (number == place.line()) {
        lines.add("  " + " ".repeat(width) + " | " + " ".repeat(caret(line, place)) + "^");
      }
    }
    return lines;
  }

  /** Where the caret is; under the line's first character if the column is not known. */
  private static int caret(String line, SourceLocation place) {
    int column =
        place.column() > 0
            ? Math.min(place.column() - 1, line.length())
            : line.length() - line.stripLeading().length();
    return Math.min(line.substring(0, column).replace("\t", "    ").length(), MAX_CHARS);
  }

  /** The file of the project that a place names; empty if it is none of the project's. */
  private static Optional<Path> file(Path project, String named) {
    try {
      Path root = project.toRealPath();
      Path given = Path.of(named.replace('\\', '/'));
      Path inside = given.isAbsolute() && given.startsWith(root) ? root.relativize(given) : given;
      if (!inside.isAbsolute()) {
        Optional<Path> found = inside(root, inside);
        if (found.isPresent()) {
          return found;
        }
      }
      String module = goModule(root);
      if (!module.isEmpty() && named.startsWith(module + "/")) {
        // Go names files by the module.
        return inside(root, Path.of(named.substring(module.length() + 1)));
      }
      // Built elsewhere, or from a directory above: what follows the project's own name.
      Path name = root.getFileName();
      for (int i = given.getNameCount() - 2; name != null && i >= 0; i--) {
        if (given.getName(i).equals(name)) {
          return inside(root, given.subpath(i + 1, given.getNameCount()));
        }
      }
      return Optional.empty();
    } catch (IOException | InvalidPathException e) {
      return Optional.empty();
    }
  }

  /** The name of the project's Go module; empty if it has none. */
  private static String goModule(Path root) throws IOException {
    Path file = root.resolve("go.mod");
    if (!Files.isRegularFile(file) || Files.size(file) > MAX_FILE_BYTES) {
      return "";
    }
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.startsWith("module "))
        .map(line -> line.substring("module ".length()).strip())
        .findFirst()
        .orElse("");
  }

  private static Optional<Path> inside(Path root, Path relative) throws IOException {
    Path file = root.resolve(relative).normalize();
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    Path real = file.toRealPath();
    return real.startsWith(root) ? Optional.of(real) : Optional.empty();
  }
}
