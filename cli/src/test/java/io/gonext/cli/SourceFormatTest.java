package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * Every Java file looks as google-java-format leaves it. Run with {@code -Dgonext.format=apply} to
 * have them rewritten; {@code ./format} does that.
 */
@Tag("slow")
@Execution(ExecutionMode.CONCURRENT)
class SourceFormatTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final boolean APPLY = "apply".equals(System.getProperty("gonext.format"));

  @Test
  void every_java_file_is_formatted() throws IOException, FormatterException {
    Formatter formatter = new Formatter();
    List<Path> sources = sources();
    // The walk would pass on nothing if it looked in the wrong place.
    assertThat(sources).hasSizeGreaterThan(100);
    List<Path> unformatted = new ArrayList<>();
    for (Path source : sources) {
      String text = Files.readString(source);
      String formatted = formatter.formatSourceAndFixImports(text);
      if (!formatted.equals(text)) {
        if (APPLY) {
          Files.writeString(source, formatted);
        } else {
          unformatted.add(ROOT.relativize(source));
        }
      }
    }
    assertThat(unformatted).as("not formatted; run ./format").isEmpty();
  }

  private static List<Path> sources() throws IOException {
    List<Path> sources = new ArrayList<>();
    Set<String> skipped = Set.of("target", ".git", "node_modules");
    Files.walkFileTree(
        ROOT,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path dir, BasicFileAttributes attributes) {
            return skipped.contains(dir.getFileName().toString())
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (file.toString().endsWith(".java")) {
              sources.add(file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    return sources;
  }
}
