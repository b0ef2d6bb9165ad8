package io.gonext.engine;

import io.gonext.engine.names.Demangler;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The names of a module's functions: from its name section, or else from its imports and exports.
 *
 * <p>Holds the section and one number for each function, and decodes a name on demand. Reads at
 * most as many entries of the section as the module has functions, whatever count the section
 * declares. Immutable.
 */
final class FunctionNames {
  /** The most bytes of the section that are kept. A Go program of 3 MB has 300 KB of names. */
  static final int MOST_BYTES = 4 << 20;

  /** The most bytes of one name that are decoded; {@link PlainText} cuts the text further. */
  private static final int MOST_NAME_BYTES = 1 << 14;

  /** A longer name is cut. */
  static final int MOST_CHARS = 512;

  private static final byte[] NO_SECTION = {};

  private final byte[] section;

  /** Where in the section each function's name begins with its length, or -1. */
  private final int[] places;

  /** Names of functions that the section does not name. */
  private final Map<Integer, String> others;

  private FunctionNames(byte[] section, int[] places, Map<Integer, String> others) {
    this.section = section;
    this.places = places;
    this.others = others;
  }

  /** Finds a module's names. */
  static FunctionNames of(ModuleOutline outline) {
    return of(
        outline.imports(),
        outline.exports(),
        outline.functionNames(),
        outline.definition().functionTypes().length);
  }

  /**
   * Finds a module's names while it is read.
   *
   * @param functions how many the module has, imported ones included
   */
  static FunctionNames of(
      List<FunctionImport> imports,
      Map<String, ModuleOutline.Export> exports,
      byte @Nullable [] section,
      int functions) {
    Map<Integer, String> others = new HashMap<>();
    for (int i = 0; i < imports.size(); i++) {
      FunctionImport imported = imports.get(i);
      others.put(i, imported.module() + "." + imported.name());
    }
    exports.forEach((name, export) -> others.putIfAbsent(export.index(), name));
    byte[] read = section == null ? NO_SECTION : section;
    return new FunctionNames(read, places(read, functions), Map.copyOf(others));
  }

  /**
   * Reads up to the first malformed entry. That is not an error, because names do not change what a
   * module does.
   */
  private static int[] places(byte[] section, int functions) {
    var places = new int[functions];
    Arrays.fill(places, -1);
    var in = new BinaryReader(section, 0, section.length);
    try {
      long count = Math.min(in.u32(), functions);
      for (long i = 0; i < count; i++) {
        long index = in.u32();
        int place = in.position();
        in.slice(in.u32());
        // The specification allows each function once. The first of several names counts.
        if (index < functions && places[(int) index] < 0) {
          places[(int) index] = place;
        }
      }
    } catch (ModuleRejectedException unreadable) {
      // Keep the names before the malformed entry.
      return places;
    }
    return places;
  }

  /** The function's name as in its source, or {@code func[12]} if the module has none. */
  String of(int index) {
    String name = raw(index);
    return name.isEmpty()
        ? "func[" + index + "]"
        : PlainText.of(Demangler.demangle(name), MOST_CHARS);
  }

  /** The function's name as the module has it, or an empty string. */
  String raw(int index) {
    if (index >= 0 && index < places.length && places[index] >= 0) {
      var in = new BinaryReader(section, places[index], section.length);
      int length = (int) Math.min(in.u32(), MOST_NAME_BYTES);
      if (length > 0) {
        return new String(section, in.position(), length, StandardCharsets.UTF_8);
      }
    }
    return others.getOrDefault(index, "");
  }
}
