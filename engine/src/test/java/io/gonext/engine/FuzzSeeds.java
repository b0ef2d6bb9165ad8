package io.gonext.engine;

import static io.gonext.engine.WasmBytes.part;
import static io.gonext.engine.WrittenModule.I32;
import static io.gonext.engine.WrittenModule.types;

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

  /** Modules with debug information, with exceptions, with tail calls, and with much else. */
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
    modules.add(RandomModule.of(1, RandomModule.Exceptions.TRY_TABLE));
    modules.add(RandomModule.of(1, RandomModule.Exceptions.LEGACY));
    modules.add(tailCalls());
    return modules;
  }

  /** A tail call and an indirect one. */
  private static byte[] tailCalls() {
    var module = new WrittenModule();
    int type = module.type(types(I32), types(I32));
    module.function(
        type,
        "count",
        part()
            .bytes(0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6B, 0x12, 0, 0x0B)
            .bytes(0x20, 0, 0x41, 0, 0x13, type, 0));
    return module.toBytes();
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
