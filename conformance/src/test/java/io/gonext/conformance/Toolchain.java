package io.gonext.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * What builds a plugin's project in place, as its author would. Where it is not installed, the
 * calling test is skipped, with what would install it.
 */
enum Toolchain {
  RUST("rust") {
    @Override
    Path build(Path project) throws IOException, InterruptedException {
      Optional<Cargo> found = Cargo.find();
      require(
          found.isPresent(),
          "no Rust on PATH has the target wasm32-wasip1 or wasm32-wasi: rustup target add"
              + " wasm32-wasip1, or apt-get install cargo rustc libstd-rust-dev-wasm32 lld");
      Cargo cargo = found.orElseThrow();
      run(
          project,
          Map.of(
              "PATH",
              cargo.directory + File.pathSeparator + System.getenv("PATH"),
              "RUSTC",
              cargo.directory.resolve("rustc").toString()),
          cargo.directory.resolve("cargo").toString(),
          "build",
          "--quiet",
          "--release",
          "--locked",
          "--offline",
          "--target",
          cargo.target);
      Path output = project.resolve("target").resolve(cargo.target).resolve("release");
      try (Stream<Path> files = Files.list(output)) {
        return files.filter(file -> file.toString().endsWith(".wasm")).findFirst().orElseThrow();
      }
    }
  },

  GO("go") {
    @Override
    Path build(Path project) throws IOException, InterruptedException {
      return go(project, "c-shared");
    }
  },

  ASSEMBLYSCRIPT("assemblyscript") {
    @Override
    Path build(Path project) throws IOException, InterruptedException {
      require(TestTool.isOnPath("node"), "no node on PATH: install Node.js 20 or newer");
      Path compiler = Path.of("node_modules", "assemblyscript", "bin", "asc.js");
      // The SDK's own guest is built by the compiler of the folder above it.
      Path directory =
          Files.exists(project.resolve("package.json")) ? project : project.resolveSibling("");
      require(
          Files.exists(directory.resolve(compiler)),
          "no AssemblyScript: run 'npm ci' in " + directory);
      run(project, Map.of(), "node", directory.resolve(compiler).toString());
      return project.resolve("build/plugin.wasm");
    }
  },

  C("c") {
    @Override
    Path build(Path project) throws IOException, InterruptedException {
      for (String program : List.of("make", "clang", "wasm-ld")) {
        require(TestTool.isOnPath(program), "no " + program + " on PATH: " + C_FIX);
      }
      require(
          Files.exists(Path.of("/usr/include/wasm32-wasi/stdlib.h"))
              || System.getenv("WASI_SYSROOT") != null,
          "no C library for WASI: " + C_FIX);
      run(project, Map.of(), "make", "--silent", "--always-make", "build/plugin.wasm");
      return project.resolve("build/plugin.wasm");
    }
  };

  private static final String C_FIX =
      "apt-get install make clang lld wasi-libc libclang-rt-14-dev-wasm32 (14 as in clang"
          + " --version), or set WASI_SYSROOT";

  /** The folder in {@code sdk/}. */
  final String folder;

  @SuppressWarnings("ImmutableEnumChecker") // guards what is kept below
  private final ReentrantLock lock = new ReentrantLock();

  /** What was built, by the project's folder; the same for a whole run. */
  @SuppressWarnings("ImmutableEnumChecker")
  private final Map<Path, byte[]> modules = new HashMap<>();

  Toolchain(String folder) {
    this.folder = folder;
  }

  /** Builds the module of a project and returns its file. */
  abstract Path build(Path project) throws IOException, InterruptedException;

  /**
   * The module of a project, which the first call builds. A project in the repository has one
   * module for all tests of a run.
   */
  byte[] module(Path project) throws IOException, InterruptedException {
    lock.lockInterruptibly();
    try {
      byte[] known = modules.get(project);
      if (known == null) {
        known = Files.readAllBytes(build(project));
        modules.put(project, known);
      }
      return known.clone();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Builds a Go project in this mode.
   *
   * @param mode {@code c-shared} or {@code exe}, which is Go's default
   */
  static Path go(Path project, String mode) throws IOException, InterruptedException {
    GO.require(
        TestTool.isOnPath("go"), "no go on PATH: install Go 1.24 or newer from https://go.dev/dl");
    // go.mod names the version that is needed.
    run(
        project,
        Map.of(
            "GOOS",
            "wasip1",
            "GOARCH",
            "wasm",
            "GOPROXY",
            "off",
            "GOTOOLCHAIN",
            "local",
            "GOWORK",
            "off"),
        "go",
        "build",
        "-buildmode=" + mode,
        "-o",
        "build/plugin.wasm",
        ".");
    return project.resolve("build/plugin.wasm");
  }

  /** Skips the test that asked, or fails it where the tool has to be there. */
  void require(boolean isThere, String whatInstallsIt) {
    TestTool.require(folder, isThere, whatInstallsIt);
  }

  /** A cargo whose own rustc has the target: the first on PATH often has not. */
  private record Cargo(Path directory, String target) {
    static Optional<Cargo> find() throws IOException, InterruptedException {
      for (Path directory : TestTool.searchPath().toList()) {
        if (Files.isExecutable(directory.resolve("cargo"))
            && Files.isExecutable(directory.resolve("rustc"))) {
          Path libraries = sysroot(directory).resolve("lib/rustlib");
          for (String target : List.of("wasm32-wasip1", "wasm32-wasi")) {
            if (Files.isDirectory(libraries.resolve(target).resolve("lib"))) {
              return Optional.of(new Cargo(directory, target));
            }
          }
        }
      }
      return Optional.empty();
    }

    private static Path sysroot(Path directory) throws IOException, InterruptedException {
      Process rustc =
          new ProcessBuilder(directory.resolve("rustc").toString(), "--print", "sysroot")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      try (var in = rustc.getInputStream()) {
        String path = new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        // A rustup proxy without a toolchain says nothing.
        return rustc.waitFor() == 0 ? Path.of(path) : directory;
      }
    }
  }

  static void run(Path directory, Map<String, String> environment, String... command)
      throws IOException, InterruptedException {
    Path log = Files.createTempFile("gonext-build", ".log");
    try {
      ProcessBuilder builder =
          new ProcessBuilder(new ArrayList<>(List.of(command)))
              .directory(directory.toFile())
              .redirectErrorStream(true)
              .redirectOutput(log.toFile());
      builder.environment().putAll(environment);
      Process process = builder.start();
      boolean ended = process.waitFor(3, TimeUnit.MINUTES);
      process.destroyForcibly();
      assertThat(ended && process.exitValue() == 0)
          .as("%s in %s:%n%s", String.join(" ", command), directory, Files.readString(log))
          .isTrue();
    } finally {
      Files.delete(log);
    }
  }
}
