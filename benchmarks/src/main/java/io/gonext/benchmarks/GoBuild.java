package io.gonext.benchmarks;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Builds Go packages with the {@code go} on PATH. */
final class GoBuild {
  private GoBuild() {}

  /** Builds a program for this machine; returns why that failed, or null. */
  static @Nullable String program(Path module, String source, Path output)
      throws IOException, InterruptedException {
    return build(module, Map.of(), List.of("go", "build", "-o", output.toString(), source));
  }

  /** Builds a guest as {@code gonext plugin build} does; returns why that failed, or null. */
  static @Nullable String guest(Path module, String source, Path output)
      throws IOException, InterruptedException {
    return build(
        module,
        Map.of("GOOS", "wasip1", "GOARCH", "wasm"),
        List.of(
            "go",
            "build",
            "-buildmode=c-shared",
            "-trimpath",
            "-buildvcs=false",
            "-o",
            output.toString(),
            source));
  }

  /** What {@code go version} says. */
  static String version() throws IOException, InterruptedException {
    return ProgramResult.run(Checkout.root(), List.of("go", "version")).requireOutput();
  }

  private static @Nullable String build(
      Path module, Map<String, String> environment, List<String> words)
      throws IOException, InterruptedException {
    try {
      ProgramResult build = ProgramResult.run(module, environment, words);
      return build.succeeded() ? null : "go build failed: " + build.shortError();
    } catch (IOException e) {
      return "there is no 'go' on PATH";
    }
  }
}
