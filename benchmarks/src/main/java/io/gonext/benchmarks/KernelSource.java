package io.gonext.benchmarks;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Sources of which a guest with kernels is built, and a program for this machine. */
enum KernelSource {
  /** guests/src/main/rust/compute: without a WASI target, the repository's guest is used. */
  COMPUTE("the Rust guest", 3_000, 1_000) {
    @Override
    Built build() throws IOException, InterruptedException {
      Path script = Checkout.root().resolve("guests/src/main/rust/compute/build");
      Built built = ofScript(script, Checkout.target("compute"), ComputeGuest.NAME);
      if (built.wasm != null) {
        return built;
      }
      Path file = Checkout.target("compute-of-the-repository.wasm");
      Files.write(file, Guests.wasm(ComputeGuest.NAME));
      return new Built(file, built.program, built.origin + "; the guest is the repository's");
    }
  },
  /** benchmarks/crates. */
  CRATES("the crates' guest", 4_000, 1_000) {
    @Override
    Built build() throws IOException, InterruptedException {
      Path script = Checkout.root().resolve("benchmarks/crates/build");
      return ofScript(script, Checkout.target("crates"), "crates");
    }
  },
  /** benchmarks/go/json. */
  GO("the Go guest", 10_000, 3_000) {
    @Override
    Built build() throws IOException, InterruptedException {
      Path wasm = Checkout.target("go/json.wasm");
      Path program = Checkout.target("go/json-native");
      Path source = Checkout.root().resolve("benchmarks/go");
      String problem = GoBuild.program(source, "./json", program);
      if (problem == null) {
        problem = GoBuild.guest(source, "./json", wasm);
      }
      return problem == null
          ? new Built(wasm, program, GoBuild.version())
          : new Built(null, null, problem);
    }
  };

  private final String title;
  private final int warmUpMillis;
  private final int quickWarmUpMillis;

  KernelSource(String title, int warmUpMillis, int quickWarmUpMillis) {
    this.title = title;
    this.warmUpMillis = warmUpMillis;
    this.quickWarmUpMillis = quickWarmUpMillis;
  }

  /** How long each runtime runs its kernels: the more code, the longer the JIT takes. */
  Pace pace(boolean isQuick) {
    return isQuick ? new Pace(quickWarmUpMillis, 150, 3) : new Pace(warmUpMillis, 200, 5);
  }

  /** Its name for people. */
  String title() {
    return title;
  }

  /** Builds what can be built here. */
  abstract Built build() throws IOException, InterruptedException;

  /**
   * What was built.
   *
   * @param wasm the guest
   * @param program the program, whose arguments are a kernel's name and a pace
   * @param origin which compiler built it, or why nothing was built
   */
  record Built(@Nullable Path wasm, @Nullable Path program, String origin) {}

  private static Built ofScript(Path script, Path output, String name)
      throws IOException, InterruptedException {
    ProgramResult build =
        ProgramResult.run(
            script.resolveSibling("."), List.of(script.toString(), output.toString()));
    if (!build.succeeded()) {
      return new Built(null, null, build.shortError());
    }
    Path wasm = output.resolve(name + ".wasm");
    Path program = output.resolve(name + "-native");
    return Files.exists(wasm)
        ? new Built(wasm, program, build.output())
        : new Built(
            null,
            program,
            build.output() + ", without a WASI target: run 'rustup target add wasm32-wasip1'");
  }
}
