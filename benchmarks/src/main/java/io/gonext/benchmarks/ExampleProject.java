package io.gonext.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** An example of the checkout, copied so that a benchmark can build and change it. */
final class ExampleProject {
  private ExampleProject() {}

  /** Copies the example and its SDK side by side, as in the checkout. */
  static Path copy(String example, String sdk, Path directory) throws IOException {
    Path sdkFolder = Path.of("sdk", sdk);
    copyTree(Checkout.root().resolve(sdkFolder), directory.resolve(sdkFolder));
    Path project = Path.of("examples", example);
    copyTree(Checkout.root().resolve(project), directory.resolve(project));
    return directory.resolve(project);
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file));
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }
}
