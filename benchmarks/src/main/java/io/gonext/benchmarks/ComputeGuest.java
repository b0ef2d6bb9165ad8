package io.gonext.benchmarks;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The guest of guests/src/main/rust/compute, and the program that is built from the same source.
 *
 * <p>Both are built when a benchmark begins. Without a WASI target for Rust, the benchmark uses the
 * guest in the repository. Without Rust, there is no native program.
 */
final class ComputeGuest {
  /** The module's name among the guests. */
  static final String NAME = "compute";

  /** The path of the guest that was built, for a forked JVM. */
  private static final String WASM_PROPERTY = "gonext.bench.compute";

  private final @Nullable Path wasm;
  private final @Nullable Path program;
  private final String origin;

  private ComputeGuest(@Nullable Path wasm, @Nullable Path program, String origin) {
    this.wasm = wasm;
    this.program = program;
    this.origin = origin;
  }

  /** Builds what can be built here. */
  static ComputeGuest build() throws IOException, InterruptedException {
    Path root = Checkout.root();
    Path source = root.resolve("guests/src/main/rust/compute");
    Path output = root.resolve("benchmarks/target/compute");
    ProgramResult build =
        ProgramResult.run(source, List.of(source.resolve("build").toString(), output.toString()));
    if (!build.succeeded()) {
      return new ComputeGuest(null, null, build.errors());
    }
    Path wasm = output.resolve("compute.wasm");
    return new ComputeGuest(
        Files.exists(wasm) ? wasm : null, output.resolve("compute-native"), build.output());
  }

  /** Says what built the guest and the program, for the table. */
  String origin() {
    return (wasm == null ? "guest: the repository's; " : "guest and ")
        + (program == null ? "no native program: " : "native program: ")
        + origin;
  }

  /** The JVM arguments that say where the guest is. */
  List<String> jvmArgs() {
    return wasm == null ? List.of() : List.of("-D" + WASM_PROPERTY + "=" + wasm);
  }

  /** A file that holds the guest, for programs other than JVMs. */
  Path file() throws IOException {
    if (wasm != null) {
      return wasm;
    }
    Path file = Checkout.root().resolve("benchmarks/target/compute-of-the-repository.wasm");
    return Files.write(file, Guests.wasm(NAME));
  }

  /** The guest's bytes, in a JVM that was started with {@link #jvmArgs}. */
  static byte[] wasmOfFork() throws IOException {
    String built = System.getProperty(WASM_PROPERTY);
    return built == null ? Guests.wasm(NAME) : Files.readAllBytes(Path.of(built));
  }

  /** A guest's bytes by its name, in a JVM that was started with {@link #jvmArgs}. */
  static byte[] moduleOfFork(String name) throws IOException {
    return name.equals(NAME) ? wasmOfFork() : Guests.wasm(name);
  }

  /** The nanoseconds that the program takes for a kernel; empty without a program. */
  OptionalDouble nativeNanos(Kernel kernel) throws IOException, InterruptedException {
    if (program == null) {
      return OptionalDouble.empty();
    }
    String[] words =
        ProgramResult.run(Checkout.root(), List.of(program.toString(), kernel.guestName()))
            .requireOutput()
            .split(" ", -1);
    kernel.requireChecksum(Long.parseLong(words[1]));
    return OptionalDouble.of(Double.parseDouble(words[0]));
  }
}
