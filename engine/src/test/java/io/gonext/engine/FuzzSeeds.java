package io.gonext.engine;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What the fuzz targets begin with. */
final class FuzzSeeds {
  private FuzzSeeds() {}

  /** Modules with debug information and modules that use what modules can use. */
  static List<byte[]> modules() {
    var modules = new ArrayList<byte[]>();
    try (var files = Files.list(Path.of("src/test/resources/debug-info"))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".wasm")).sorted().toList()) {
        modules.add(Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    for (String guest : List.of("engine-basics", "engine-mutator", "engine-offsets", "echo")) {
      modules.add(Guests.wasm(guest));
    }
    return modules;
  }

  /** The same as admission sees them. */
  static List<ModuleOutline> outlines() {
    return modules().stream().map(wasm -> Admission.admit(wasm, EngineLimits.defaults())).toList();
  }
}
