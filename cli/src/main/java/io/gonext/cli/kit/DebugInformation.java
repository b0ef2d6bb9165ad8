package io.gonext.cli.kit;

import io.gonext.cli.provenance.WasmSection;
import java.io.ByteArrayOutputStream;
import java.util.List;

/**
 * A module without its DWARF sections, {@code .debug_line} and others. All other bytes stay the
 * same, among them the names of functions and the code. Offsets of code do not change, since
 * compilers write these sections after the code.
 *
 * @param without the module without these sections
 * @param codeStart the offset of the content of the code section, from which DWARF counts
 *     addresses; 0 without a code section
 */
record DebugInformation(byte[] without, int codeStart) {
  /** Removes the sections; bytes that are not a valid module are returned unchanged. */
  static DebugInformation of(byte[] module) {
    List<WasmSection> sections = WasmSection.of(module);
    ByteArrayOutputStream kept = new ByteArrayOutputStream(module.length);
    int codeStart = 0;
    int written = 0;
    for (WasmSection section : sections) {
      if (section.isCode()) {
        codeStart = section.content();
      }
      if (section.isDebug()) {
        kept.write(module, written, section.begin() - written);
        written = section.end();
      }
    }
    kept.write(module, written, module.length - written);
    return new DebugInformation(kept.toByteArray(), codeStart);
  }
}
