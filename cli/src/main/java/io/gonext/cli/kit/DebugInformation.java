package io.gonext.cli.kit;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

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
  private static final int HEADER_BYTES = 8;
  private static final int CUSTOM = 0;
  private static final int CODE = 10;
  private static final String DEBUG = ".debug_";

  /** Removes the sections; bytes that are not a valid module are returned unchanged. */
  static DebugInformation of(byte[] module) {
    ByteArrayOutputStream kept = new ByteArrayOutputStream(module.length);
    ByteBuffer in = ByteBuffer.wrap(module);
    int codeStart = 0;
    if (module.length < HEADER_BYTES) {
      return new DebugInformation(module, 0);
    }
    in.position(HEADER_BYTES);
    kept.write(module, 0, HEADER_BYTES);
    while (in.hasRemaining()) {
      int begin = in.position();
      int id = in.get();
      long size = unsigned(in);
      if (size < 0 || size > in.remaining()) {
        return new DebugInformation(module, 0);
      }
      int content = in.position();
      int end = content + (int) size;
      if (id == CODE) {
        codeStart = content;
      }
      if (id != CUSTOM || !isDebug(in.slice(content, (int) size))) {
        kept.write(module, begin, end - begin);
      }
      in.position(end);
    }
    return new DebugInformation(kept.toByteArray(), codeStart);
  }

  private static boolean isDebug(ByteBuffer section) {
    long length = unsigned(section);
    if (length < DEBUG.length() || length > section.remaining()) {
      return false;
    }
    byte[] name = new byte[DEBUG.length()];
    section.get(name);
    return new String(name, StandardCharsets.ISO_8859_1).equals(DEBUG);
  }

  /** Reads an unsigned LEB128 number of 32 bits; -1 if there is none. */
  private static long unsigned(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (!in.hasRemaining()) {
        return -1;
      }
      byte part = in.get();
      value |= (long) (part & 0x7f) << shift;
      if (part >= 0) {
        return value;
      }
    }
    return -1;
  }
}
