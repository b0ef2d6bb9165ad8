package io.gonext.engine;

import java.io.ByteArrayOutputStream;

/**
 * A module as bundles have it: without its DWARF sections, {@code .debug_line} and others. All
 * other bytes stay the same, among them the names of functions and the code. Offsets of code do not
 * change, since compilers write these sections after the code.
 */
public final class PackedModule {
  private static final int HEADER_BYTES = 8;
  private static final int CUSTOM = 0;
  private static final String PREFIX = ".debug_";

  private PackedModule() {}

  /** A copy without these sections; bytes that are not a valid module are copied unchanged. */
  public static byte[] of(byte[] module) {
    if (ModuleHeader.problem(module).isPresent()) {
      return module.clone();
    }
    var kept = new ByteArrayOutputStream(module.length);
    var in = new BinaryReader(module, HEADER_BYTES, module.length);
    int written = 0;
    try {
      while (!in.isAtEnd()) {
        int begin = in.position();
        int id = in.u8();
        BinaryReader section = in.slice(in.u32());
        if (id == CUSTOM && section.name(module.length).startsWith(PREFIX)) {
          kept.write(module, written, begin - written);
          written = in.position();
        }
      }
    } catch (ModuleRejectedException malformed) {
      return module.clone();
    }
    kept.write(module, written, module.length - written);
    return kept.toByteArray();
  }
}
