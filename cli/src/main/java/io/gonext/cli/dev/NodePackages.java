package io.gonext.cli.dev;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The packages that a project's {@code package-lock.json} names. */
public final class NodePackages {
  private NodePackages() {}

  /**
   * Puts them into the project: out of npm's own cache where they are there, so that it works
   * offline from the second project on, else from the registry, checked against the lock file.
   *
   * @param output is given each line that npm writes, by one thread at a time
   * @throws DevFailure when there is no npm, or it fails, with what it said and the command to
   *     repeat
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
    // The compiler needs no script of a package to run.
    Command install =
        Command.of(
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
        throw new DevFailure(
            DevFailure.Kind.TOOLCHAIN,
            "npm ci ended with exit code " + exitCode,
            List.copyOf(said));
      }
    } catch (IOException e) {
      throw new DevFailure(
          DevFailure.Kind.TOOLCHAIN, npm + " cannot be started: " + Toolchains.reason(e));
    }
  }
}
