package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Runs a program to its end.
 *
 * @param exitCode its own
 * @param output what it wrote to stdout, without white space around it
 * @param errors what it wrote to stderr, without white space around it
 */
record ProgramResult(int exitCode, String output, String errors) {

  /**
   * Runs it, in a directory.
   *
   * @throws IOException when it cannot be started
   */
  static ProgramResult run(Path directory, List<String> words)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile("gonext-bench", ".err");
    try {
      Process process =
          new ProcessBuilder(words)
              .directory(directory.toFile())
              .redirectError(errors.toFile())
              .start();
      try {
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), UTF_8);
        int exitCode = process.waitFor();
        return new ProgramResult(exitCode, output.strip(), Files.readString(errors).strip());
      } finally {
        process.destroy();
      }
    } finally {
      Files.delete(errors);
    }
  }

  boolean succeeded() {
    return exitCode == 0;
  }

  /** The output of a command that must not fail. */
  String requireOutput() {
    if (!succeeded()) {
      throw new IllegalStateException("exit code " + exitCode + ": " + errors);
    }
    return output;
  }
}
