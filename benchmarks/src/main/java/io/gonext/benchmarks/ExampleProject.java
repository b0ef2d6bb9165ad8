package io.gonext.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A plugin of the checkout, copied so that a benchmark can build and change it. */
final class ExampleProject {
  private ExampleProject() {}

  /**
   * Copies a project and its SDK, each to its place below a directory as in the checkout.
   *
   * @param path of the project in the checkout, such as {@code examples/hello-rust}
   * @return the copy of the project
   */
  static Path copy(String path, String sdk, Path directory) throws IOException {
    Path sdkFolder = Path.of("sdk", sdk);
    copyTree(Checkout.root().resolve(sdkFolder), directory.resolve(sdkFolder));
    Path project = Path.of(path);
    copyTree(Checkout.root().resolve(project), directory.resolve(project));
    return directory.resolve(project);
  }

  /** Builds a project and writes its bundle. */
  static void pack(Path project, Path bundle)
      throws IOException, InterruptedException, UnavailableException {
    ProgramResult packed =
        ProgramResult.run(
            project,
            List.of(
                Checkout.root().resolve("gonext").toString(),
                "plugin",
                "pack",
                "-o",
                bundle.toString(),
                project.toString()));
    if (!packed.succeeded()) {
      throw new UnavailableException(project + " cannot be built: " + packed.errors());
    }
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
