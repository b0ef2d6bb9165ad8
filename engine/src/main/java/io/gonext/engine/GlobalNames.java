package io.gonext.engine;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * The names of a module's globals: from its exports, or else from its name section. Names are the
 * module's claim, and bounded. Immutable.
 */
final class GlobalNames {
  /** The most bytes of the section that are kept. Modules have few globals. */
  static final int MOST_BYTES = 1 << 16;

  private static final int MOST_CHARS = 128;

  private final Map<Integer, String> names;

  private GlobalNames(Map<Integer, String> names) {
    this.names = names;
  }

  static GlobalNames of(ModuleOutline outline) {
    Map<Integer, String> names =
        names(outline.globalNames(), outline.definition().globals().size());
    outline
        .definition()
        .exports()
        .forEach((name, export) -> {
          if (export.kind() == ModuleDefinition.Kind.GLOBAL) {
            names.put(export.index(), plain(name));
          }
        });
    return new GlobalNames(Map.copyOf(names));
  }

  /**
   * Reads up to the first malformed entry. That is not an error, because names do not change what a
   * module does.
   */
  private static Map<Integer, String> names(byte[] section, int globals) {
    var names = new HashMap<Integer, String>();
    var in = new BinaryReader(section, 0, section.length);
    try {
      long count = in.isAtEnd() ? 0 : Math.min(in.u32(), globals);
      for (long i = 0; i < count; i++) {
        long index = in.u32();
        BinaryReader name = in.slice(in.u32());
        int from = name.position();
        int length = name.remaining();
        if (index < globals && length > 0) {
          names.putIfAbsent(
              (int) index, plain(new String(section, from, length, StandardCharsets.UTF_8)));
        }
      }
    } catch (ModuleRejectedException unreadable) {
      return names;
    }
    return names;
  }

  private static String plain(String name) {
    return PlainText.of(name, MOST_CHARS);
  }

  /** The global's name; empty if the module does not name it. */
  String of(int index) {
    return names.getOrDefault(index, "");
  }
}
