package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Builds a project with the toolchain that this machine has for it. */
public final class ProjectBuild {
  private final Project project;
  private final Toolchain toolchain;
  private final CommandRunner runner;

  private ProjectBuild(Project project, Toolchain toolchain, CommandRunner runner) {
    this.project = project;
    this.toolchain = toolchain;
    this.runner = runner;
  }

  /**
   * A module that was built.
   *
   * @param path relative to the project
   * @param wasm its bytes
   * @param took the duration of the build
   */
  public record Built(String path, byte[] wasm, Duration took) {}

  /** Whether a directory contains a project of a known language. */
  public static boolean isProject(Path directory) {
    CommandRunner runner = new ProcessRunner();
    return !new Toolchains(new Executables(System.getenv()), runner)
        .candidates(directory)
        .isEmpty();
  }

  /**
   * The language of a project; empty if it is not known.
   *
   * @param language as in {@code --lang}
   */
  public static Optional<Language> languageOf(Path directory, String language) {
    try {
      return Optional.of(
          new Toolchains(new Executables(System.getenv()), new ProcessRunner())
              .detect(Project.of(directory).root(), Language.parse(language)));
    } catch (CommandFailure e) {
      return Optional.empty();
    }
  }

  /** The toolchain of a project; empty if this machine has none. */
  public static Optional<Toolchain> toolchainOf(Path directory, Language language)
      throws InterruptedException {
    try {
      return Optional.of(
          new Toolchains(new Executables(System.getenv()), new ProcessRunner())
              .find(Project.of(directory).root(), language));
    } catch (CommandFailure e) {
      return Optional.empty();
    }
  }

  /** The name of the package in the {@code Cargo.toml} of a project; empty if there is none. */
  public static String crateName(Path directory) {
    Path manifest = directory.resolve("Cargo.toml");
    String name = Files.isRegularFile(manifest) ? CargoManifest.read(manifest).packageName() : null;
    return name == null ? "" : name;
  }

  /**
   * Finds the toolchain of a project.
   *
   * @param language as in {@code --lang}; {@code auto} detects it from the files
   * @throws CommandFailure when there is no project, or no toolchain for it
   */
  public static ProjectBuild of(Path directory, String language) throws InterruptedException {
    @Nullable Language asked = Language.parse(language);
    Project project = Project.of(directory);
    CommandRunner runner = new ProcessRunner();
    Toolchains toolchains = new Toolchains(new Executables(System.getenv()), runner);
    Language detected = toolchains.detect(project.root(), asked);
    return new ProjectBuild(project, toolchains.find(project.root(), detected), runner);
  }

  /**
   * The same build with further variables, and with the default directory for what cargo writes.
   */
  public ProjectBuild with(Map<String, String> variables) throws InterruptedException {
    Map<String, String> plain = new HashMap<>(System.getenv());
    plain.remove("CARGO_TARGET_DIR");
    Toolchain found =
        new Toolchains(new Executables(plain), runner).find(project.root(), toolchain.language());
    ToolCommand command = found.build();
    for (Map.Entry<String, String> variable : variables.entrySet()) {
      command = command.with(variable.getKey(), variable.getValue());
    }
    return new ProjectBuild(
        project,
        new Toolchain(found.language(), found.version(), command, found.artifact(), found.writes()),
        runner);
  }

  /** The directories outside a project that its build files name, relative to it. */
  public static List<String> directoriesOutside(Path directory) {
    Path root = Project.of(directory).root();
    return BuildFiles.outsideOf(root).stream()
        .filter(path -> !path.startsWith(root) && Files.isDirectory(path))
        .map(path -> SkipRules.slashed(root.relativize(path)))
        .sorted()
        .toList();
  }

  public Toolchain toolchain() {
    return toolchain;
  }

  /** The language's name. */
  public String language() {
    return toolchain.language().label();
  }

  /** The tool and its version, for people. */
  public String tool() {
    return toolchain.version();
  }

  /** The command that builds, for people. */
  public String command() {
    return toolchain.build().toString();
  }

  /**
   * Builds; an interrupt ends the tool and all processes that it started.
   *
   * @param output receives each line of the tool, from one thread at a time
   * @throws CommandFailure when the build fails or leaves no module
   */
  public Built run(Consumer<String> output) throws InterruptedException {
    long begin = System.nanoTime();
    requireSuccess(toolchain, compile(project, toolchain, runner, output));
    return take(project, toolchain, Duration.ofNanos(System.nanoTime() - begin));
  }

  /**
   * Reads the module of a finished build and copies it to the output file that all languages share.
   */
  public static Built take(Project project, Toolchain toolchain, Duration took) {
    Path made = toolchain.artifact().find(project.root());
    byte[] wasm = project.takeModule(made);
    Path common = project.root().resolve(Toolchain.OUTPUT);
    Path shown = Files.isRegularFile(common) ? common : made;
    String path =
        shown.startsWith(project.root())
            ? SkipRules.slashed(project.root().relativize(shown))
            : shown.toString();
    return new Built(path, wasm, took);
  }

  /** Runs the tool and returns its exit code. */
  public static int compile(
      Project project, Toolchain toolchain, CommandRunner runner, Consumer<String> output)
      throws InterruptedException {
    project.makeOutputDirectory();
    toolchain.artifact().clear();
    try {
      return runner.run(toolchain.build(), output);
    } catch (IOException e) {
      throw new CommandFailure(
          CommandFailure.Kind.TOOLCHAIN,
          toolchain.build().program() + " cannot be started: " + CommandFailure.reason(e),
          Toolchains.missing(toolchain.build().program(), toolchain.language()).details());
    }
  }

  public static void requireSuccess(Toolchain toolchain, int exitCode) {
    if (exitCode != 0) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED, toolchain.build() + " ended with exit code " + exitCode);
    }
  }
}
