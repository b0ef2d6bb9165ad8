package io.gonext.benchmarks;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The guest of guests/src/main/rust/compute in JVMs that a benchmark starts. */
final class ComputeGuest {
  /** The module's name among the guests. */
  static final String NAME = "compute";

  /** The path of the guest that was built, for a forked JVM. */
  private static final String WASM_PROPERTY = "gonext.bench.compute";

  private ComputeGuest() {}

  /** The JVM arguments that say where the guest is. */
  static List<String> jvmArgs(Path wasm) {
    return List.of("-D" + WASM_PROPERTY + "=" + wasm);
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
}
