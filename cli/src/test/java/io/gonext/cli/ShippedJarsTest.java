package io.gonext.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * The list of jars in {@code cli/pom.xml}, which the build enforces, and their table for people.
 */
class ShippedJarsTest {
  private static final Path ROOT = Path.of(System.getProperty("gonext.root"));
  private static final Pattern ALLOWED = Pattern.compile("<include>([\\w.-]+:[\\w.-]+)</include>");
  private static final Pattern ROW =
      Pattern.compile("^\\| `([\\w.-]+:[\\w.-]+)` \\| [^|]+ \\| [^|]+ \\|$", Pattern.MULTILINE);

  private static final Pattern REASON =
      Pattern.compile("^\\| `([\\w.-]+:[\\w.-]+)` \\| [^|]{20,} \\|$", Pattern.MULTILINE);

  @Test
  void the_document_says_what_each_jar_is_for() throws IOException {
    assertThat(documented()).containsExactlyElementsOf(allowed());
  }

  @Test
  void no_jar_stays_on_the_list_that_is_not_shipped() throws IOException {
    List<String> present =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .map(entry -> Path.of(entry).getFileName().toString())
            .toList();
    for (String allowed : allowed()) {
      String artifact = allowed.substring(allowed.indexOf(':') + 1);
      assertThat(present).anyMatch(jar -> jar.matches(Pattern.quote(artifact) + "-\\d.*\\.jar"));
    }
  }

  @Test
  void a_jar_that_nothing_loads_is_one_that_is_shipped_and_has_a_reason() throws IOException {
    String document = Files.readString(ROOT.resolve("docs/jars.md"));
    String section = document.substring(document.indexOf("## Not loaded"));
    List<String> unloaded = REASON.matcher(section).results().map(match -> match.group(1)).toList();
    assertThat(unloaded).isNotEmpty().doesNotHaveDuplicates();
    assertThat(allowed()).containsAll(unloaded);
  }

  private static List<String> allowed() throws IOException {
    List<String> allowed = all(ALLOWED, ROOT.resolve("cli/pom.xml"));
    assertThat(allowed).hasSizeGreaterThan(50).doesNotHaveDuplicates();
    return allowed;
  }

  private static List<String> documented() throws IOException {
    return all(ROW, ROOT.resolve("docs/jars.md"));
  }

  private static List<String> all(Pattern pattern, Path file) throws IOException {
    return pattern.matcher(Files.readString(file)).results().map(match -> match.group(1)).toList();
  }
}
