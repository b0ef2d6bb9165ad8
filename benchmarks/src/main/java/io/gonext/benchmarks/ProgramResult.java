package io.gonext.benchmarks;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Runs a program to its end.
 *
 * @param exitCode its own
 * @param output what it wrote to stdout, without white space around it
 * @param errors what it wrote to stderr, without white space around it
 */
record ProgramResult(int exitCode, String output, String errors) {
  private static final int MOST_ERROR = 300;

  /**
   * Runs it, in a directory, with the environment of this process.
   *
   * @throws IOException when it cannot be started
   */
  static ProgramResult run(Path directory, List<String> words)
      throws IOException, InterruptedException {
    return run(directory, Map.of(), words);
  }

  /**
   * Runs it, in a directory.
   *
   * @param environment variables beside those of this process
   * @throws IOException when it cannot be started
   */
  static ProgramResult run(Path directory, Map<String, String> environment, List<String> words)
      throws IOException, InterruptedException {
    Path errors = Files.createTempFile("gonext-bench", ".err");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(words).directory(directory.toFile()).redirectError(errors.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
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

  /** What it wrote to stderr, in one line of bounded length. */
  String shortError() {
    String line = errors.isEmpty() ? "exit code " + exitCode : errors.replaceAll("\\s+", " ");
    return line.length() <= MOST_ERROR ? line : line.substring(0, MOST_ERROR) + " ...";
  }

  /** The output of a command that must not fail. */
  String requireOutput() {
    if (!succeeded()) {
      throw new IllegalStateException("exit code " + exitCode + ": " + errors);
    }
    return output;
  }
}
