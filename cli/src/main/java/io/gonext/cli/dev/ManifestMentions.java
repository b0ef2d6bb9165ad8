package io.gonext.cli.dev;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Whether sources read {@code manifest.json}, so that its change alone makes another module: {@code
 * include_str!("../manifest.json")} in Rust, {@code //go:embed} in Go, a rule of a Makefile. What
 * only seems to read it costs a build, nothing else.
 */
final class ManifestMentions {
  private static final List<String> SOURCES =
      List.of(
          ".rs",
          ".go",
          ".ts",
          ".js",
          ".mjs",
          ".cjs",
          ".c",
          ".h",
          ".cc",
          ".cpp",
          ".hpp",
          ".s",
          ".S",
          ".toml",
          ".mk",
          ".sh",
          ".py",
          "akefile",
          "asconfig.json");

  /** By name, or by a pattern or a whole directory that may take it in. */
  private static final Pattern MENTION =
      Pattern.compile(
          "manifest\\.json|\\*\\.json"
              + "|//go:embed[^\\n]*(?:[*?\\[]|\\s\\.(?:\\s|$))"
              + "|include_dir!|RustEmbed",
          Pattern.MULTILINE);

  private static final long MOST_BYTES = 1024 * 1024;

  private ManifestMentions() {}

  static boolean in(Path root, Inputs inputs) {
    return inputs.files().entrySet().stream()
        .filter(entry -> isSource(entry.getKey()) && entry.getValue().size() <= MOST_BYTES)
        .anyMatch(entry -> mentions(root.resolve(entry.getKey())));
  }

  /** Tests are no part of the module. */
  private static boolean isSource(Path path) {
    String name = path.getFileName().toString();
    return SOURCES.stream().anyMatch(name::endsWith)
        && !name.endsWith("_test.go")
        && !path.startsWith("test")
        && !path.startsWith("tests");
  }

  private static boolean mentions(Path file) {
    try {
      return MENTION.matcher(Files.readString(file, StandardCharsets.ISO_8859_1)).find();
    } catch (IOException e) {
      return false;
    }
  }
}
