package io.gonext.engine;

import io.gonext.guests.Guests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The seeds of the fuzz targets. */
public final class FuzzSeeds {
  private FuzzSeeds() {}

  /** Modules with debug information, and modules that use many features. */
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

  /** The outlines of the same modules. */
  static List<ModuleOutline> outlines() {
    return modules().stream().map(wasm -> Admission.admit(wasm, EngineLimits.defaults())).toList();
  }

  /** Debug information: two bytes with the strings' length, the strings, and the lines. */
  public static List<byte[]> lineTables() {
    return outlines().stream()
        .map(ModuleOutline::debug)
        .filter(debug -> debug.lines().length > 0)
        .map(debug ->
            ByteBuffer.allocate(Short.BYTES + debug.strings().length + debug.lines().length)
                .putShort((short) debug.strings().length)
                .put(debug.strings())
                .put(debug.lines())
                .array())
        .toList();
  }
}
