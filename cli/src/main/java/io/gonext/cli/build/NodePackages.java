package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Installs the packages of a project's {@code package-lock.json}. */
public final class NodePackages {
  private NodePackages() {}

  /**
   * Runs {@code npm ci}: installs the packages from npm's cache or from the registry, and checks
   * them against the lock file. With a filled cache it works offline.
   *
   * @param output receives each line of npm, from one thread at a time
   * @throws CommandFailure when npm is missing or fails, with its output
   */
  public static void install(Path project, Consumer<String> output) throws InterruptedException {
    install(project, output, System.getenv(), new ProcessRunner());
  }

  static void install(
      Path project, Consumer<String> output, Map<String, String> environment, CommandRunner runner)
      throws InterruptedException {
    Executables executables = new Executables(environment);
    Path npm =
        executables
            .find("npm")
            .orElseThrow(() -> Toolchains.missing("npm", Language.ASSEMBLYSCRIPT));
    // The compiler does not need the install scripts of packages.
    ToolCommand install =
        ToolCommand.of(
            project,
            executables.argument(npm),
            "ci",
            "--ignore-scripts",
            "--prefer-offline",
            "--no-audit",
            "--no-fund",
            "--fetch-retries=1");
    List<String> said = Collections.synchronizedList(new ArrayList<>());
    try {
      int exitCode =
          runner.run(
              install,
              line -> {
                said.add(line);
                output.accept(line);
              });
      if (exitCode != 0) {
        throw new CommandFailure(
            CommandFailure.Kind.TOOLCHAIN,
            "npm ci ended with exit code " + exitCode,
            List.copyOf(said));
      }
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.TOOLCHAIN, npm + " cannot be started: " + CommandFailure.reason(e));
    }
  }
}
