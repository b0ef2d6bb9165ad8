package io.gonext.cli.build;

import io.gonext.cli.output.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Finds cargo and the WASI target of its compiler: {@code wasm32-wasip1} since Rust 1.78, {@code
 * wasm32-wasi} until 1.83. Often the first cargo on PATH has no such target.
 */
final class RustToolchain {
  static final String DEBIAN_PACKAGES = "cargo rustc libstd-rust-dev-wasm32 lld";

  private static final String NEW_TARGET = "wasm32-wasip1";
  private static final String OLD_TARGET = "wasm32-wasi";

  private static final Pattern VERSION = Pattern.compile("(\\d+\\.\\d+)");
  private static final Pattern VERSION_PARTS = Pattern.compile("(\\d+)\\.(\\d+)");

  private final Executables executables;
  private final Toolchains tools;

  RustToolchain(Executables executables, Toolchains tools) {
    this.executables = executables;
    this.tools = tools;
  }

  /** A cargo, its compiler, and the installed target. */
  private record Candidate(Path cargo, Path rustc, String target) {}

  Toolchain find(Path project) throws InterruptedException {
    List<Path> cargos = executables.all("cargo");
    if (cargos.isEmpty()) {
      throw Toolchains.missing("cargo", Language.RUST);
    }
    for (Path cargo : cargos) {
      Optional<Path> rustc = compilerOf(cargo);
      Optional<String> target = rustc.isEmpty() ? Optional.empty() : target(project, rustc.get());
      if (target.isPresent()) {
        return toolchain(project, new Candidate(cargo, rustc.get(), target.get()));
      }
    }
    throw noTarget(project, cargos.getFirst());
  }

  private Optional<Path> compilerOf(Path cargo) {
    Path beside = cargo.resolveSibling("rustc");
    return Files.isExecutable(beside) ? Optional.of(beside) : executables.find("rustc");
  }

  /** The WASI target with an installed standard library; the compiler lists other targets too. */
  private Optional<String> target(Path project, Path rustc) throws InterruptedException {
    String sysroot =
        tools.ask(ToolCommand.of(project, rustc.toString(), "--print", "sysroot")).strip();
    if (sysroot.isEmpty()) {
      return Optional.empty();
    }
    return Stream.of(NEW_TARGET, OLD_TARGET)
        .filter(target -> Files.isDirectory(Path.of(sysroot, "lib", "rustlib", target, "lib")))
        .findFirst();
  }

  private Toolchain toolchain(Path project, Candidate rust) throws InterruptedException {
    String argument = executables.argument(rust.cargo);
    Matcher version = VERSION.matcher(tools.ask(ToolCommand.of(project, argument, "--version")));
    String said = version.find() ? "cargo " + version.group() : "cargo";
    ToolCommand build =
        ToolCommand.of(project, argument, "build", "--target", rust.target, "--release");
    if (!argument.equals("cargo")) {
      said += " (" + rust.cargo + ", which has " + rust.target + ")";
      // This cargo must use its own compiler, not the first one on PATH.
      build =
          build
              .with("RUSTC", rust.rustc.toString())
              .with("PATH", executables.pathWith(Objects.requireNonNull(rust.cargo.getParent())));
    }
    // Backtraces need names and lines, whatever the profile says; pack removes the lines.
    build =
        build
            .with("CARGO_PROFILE_RELEASE_DEBUG", knowsLineTables(said) ? "line-tables-only" : "1")
            .with("CARGO_PROFILE_RELEASE_STRIP", "none");
    RustPaths paths = new RustPaths(project, rust.target, executables);
    build = paths.mapped(build);
    // In a workspace the default would be another directory.
    Path targetDirectory =
        executables
            .variableValue("CARGO_TARGET_DIR")
            .map(project::resolve)
            .orElse(project.resolve("target"));
    build = build.with("CARGO_TARGET_DIR", targetDirectory.toString());
    RustSymbols symbols = new RustSymbols(project, targetDirectory.resolve("gonext-rustc"));
    boolean isWrapped = symbols.isNeeded(executables, paths.configurations());
    if (isWrapped) {
      build = build.with(RustSymbols.WRAPPER, symbols.script().toString());
    }
    Path release = targetDirectory.resolve(rust.target).resolve("release");
    return new Toolchain(
        Language.RUST,
        said,
        build,
        new Release(project, release, isWrapped ? Optional.of(symbols) : Optional.empty()),
        Set.of("Cargo.lock"));
  }

  /** Whether cargo knows {@code line-tables-only}: since 1.71. */
  private static boolean knowsLineTables(String cargo) {
    Matcher version = VERSION_PARTS.matcher(cargo);
    return version.find()
        && (Integer.parseInt(version.group(1)) > 1 || Integer.parseInt(version.group(2)) >= 71);
  }

  private CommandFailure noTarget(Path project, Path cargo) throws InterruptedException {
    Optional<Path> rustc = compilerOf(cargo);
    if (rustc.isEmpty()) {
      return Toolchains.missing("rustc", Language.RUST);
    }
    boolean isOld =
        tools
            .ask(ToolCommand.of(project, rustc.get().toString(), "--print", "target-list"))
            .lines()
            .noneMatch(NEW_TARGET::equals);
    String target = isOld ? OLD_TARGET : NEW_TARGET;
    List<String> help = new ArrayList<>();
    if (executables.find("rustup").isPresent()) {
      help.add("add it: rustup target add " + target);
    } else {
      help.add("on Debian: apt-get install " + DEBIAN_PACKAGES);
      help.add("elsewhere: https://rustup.rs, then rustup target add " + NEW_TARGET);
    }
    help.add("or choose another cargo: " + Executables.variable("cargo") + "=/path/to/cargo");
    return new CommandFailure(
        CommandFailure.Kind.TOOLCHAIN,
        "the Rust of " + cargo + " does not have the target " + target,
        help);
  }

  /**
   * The directory where cargo writes modules. Each run writes them again, so modules of earlier
   * runs, for example with an old name of the crate, are deleted first.
   *
   * @param symbols whose script the run needs; empty if it needs none
   */
  private record Release(Path project, Path directory, Optional<RustSymbols> symbols)
      implements Toolchain.ArtifactPlace {
    @Override
    public void clear() {
      symbols.ifPresent(RustSymbols::write);
      for (Path module : modules()) {
        try {
          Files.deleteIfExists(module);
        } catch (IOException e) {
          throw new CommandFailure(
              CommandFailure.Kind.FAILED,
              module + " cannot be deleted: " + CommandFailure.reason(e));
        }
      }
    }

    /** The module that has the name of the crate, when there are several. */
    @Override
    public Path find(Path root) {
      List<Path> modules = modules();
      if (modules.size() == 1) {
        return modules.getFirst();
      }
      if (modules.isEmpty()) {
        throw new CommandFailure(
            CommandFailure.Kind.FAILED,
            "cargo succeeded but left no module in " + project.relativize(directory),
            "set in Cargo.toml: [lib] crate-type = [\"cdylib\"]");
      }
      CargoManifest manifest = CargoManifest.read(project.resolve("Cargo.toml"));
      for (String name : manifest.moduleNames()) {
        Path module = directory.resolve(name + ".wasm");
        if (modules.contains(module)) {
          return module;
        }
      }
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          "there are several modules in "
              + project.relativize(directory)
              + ", and none has the name of the crate: "
              + String.join(
                  ", ", modules.stream().map(path -> path.getFileName().toString()).toList()),
          "set the name of the plugin's module in Cargo.toml: [lib] name = \"...\"");
    }

    private List<Path> modules() {
      if (!Files.isDirectory(directory)) {
        return List.of();
      }
      try (Stream<Path> files = Files.list(directory)) {
        return files.filter(file -> file.toString().endsWith(".wasm")).sorted().toList();
      } catch (IOException e) {
        throw new CommandFailure(
            CommandFailure.Kind.FAILED, directory + " cannot be read: " + CommandFailure.reason(e));
      }
    }
  }
}
