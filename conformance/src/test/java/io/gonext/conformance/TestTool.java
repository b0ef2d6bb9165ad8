package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Programs of other makers that a test runs where they are installed. */
final class TestTool {
  /** What {@code .ci/run} has found or installed: a test that needs it is skipped nowhere. */
  private static final List<String> REQUIRED =
      List.of(System.getenv().getOrDefault("GONEXT_TOOLCHAINS", "").split(" ", -1));

  private TestTool() {}

  /** Skips the test that asked, or fails it where the tool has to be there. */
  static void require(String tool, boolean isThere, String whatInstallsIt) {
    assertThat(isThere || !REQUIRED.contains(tool)).as("%s", whatInstallsIt).isTrue();
    assumeTrue(isThere, whatInstallsIt);
  }

  /** The folder of packages from npm that tests compare the host with. */
  static Path npm() {
    Path folder = Path.of(System.getProperty("gonext.root"), "conformance", "src", "test", "npm");
    require(
        "npm",
        isOnPath("node") && Files.isDirectory(folder.resolve("node_modules")),
        "install Node.js 20 or newer, then run 'npm ci' in " + folder);
    return folder;
  }

  /** Whether there is such a program. */
  static boolean isOnPath(String program) {
    return searchPath().anyMatch(folder -> Files.isExecutable(folder.resolve(program)));
  }

  static Stream<Path> searchPath() {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(File.pathSeparator, -1)).map(Path::of);
  }
}
