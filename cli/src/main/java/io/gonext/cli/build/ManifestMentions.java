package io.gonext.cli.build;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Whether sources read {@code manifest.json}, so that a change of the manifest changes the module:
 * {@code include_str!("../manifest.json")} in Rust, {@code //go:embed} in Go, or a rule of a
 * Makefile. A false positive only costs a build.
 */
public final class ManifestMentions {
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

  /** Its name, or a pattern or directory that may include it. */
  private static final Pattern MENTION =
      Pattern.compile(
          "manifest\\.json|\\*\\.json"
              + "|//go:embed[^\\n]*(?:[*?\\[]|\\s\\.(?:\\s|$))"
              + "|include_dir!|RustEmbed",
          Pattern.MULTILINE);

  private static final long MOST_BYTES = 1024 * 1024;

  private ManifestMentions() {}

  /** Whether a source among the inputs mentions the manifest. */
  public static boolean in(Path root, Inputs inputs) {
    return inputs.files().entrySet().stream()
        .filter(entry -> isSource(entry.getKey()) && entry.getValue().size() <= MOST_BYTES)
        .anyMatch(entry -> mentions(root.resolve(entry.getKey())));
  }

  /** Tests are not part of the module. */
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
