package io.gonext.engine.dwarf;

import java.nio.charset.StandardCharsets;

/**
 * A cursor over a part of a DWARF section, little-endian as WebAssembly is. Never reads outside its
 * part.
 */
final class DwarfCursor {
  /** The section is malformed. Has no message, because nothing shows it. */
  static final class MalformedException extends Exception {
    private static final long serialVersionUID = 1L;

    MalformedException() {
      super(null, null, false, false);
    }
  }

  private final byte[] bytes;
  private final int end;
  private int position;

  /** A cursor over {@code [from, to)}. */
  DwarfCursor(byte[] bytes, int from, int to) throws MalformedException {
    if (from < 0 || from > to || to > bytes.length) {
      throw new MalformedException();
    }
    this.bytes = bytes;
    this.position = from;
    this.end = to;
  }

  int position() {
    return position;
  }

  int remaining() {
    return end - position;
  }

  boolean isAtEnd() {
    return position == end;
  }

  int u8() throws MalformedException {
    if (position == end) {
      throw new MalformedException();
    }
    return bytes[position++] & 0xFF;
  }

  int s8() throws MalformedException {
    return (byte) u8();
  }

  int u16() throws MalformedException {
    return u8() | u8() << 8;
  }

  long u32() throws MalformedException {
    return u16() | (long) u16() << 16;
  }

  void skip(long count) throws MalformedException {
    if (count < 0 || count > remaining()) {
      throw new MalformedException();
    }
    position += (int) count;
  }

  /** A cursor over the next bytes, which this one skips. */
  DwarfCursor slice(long count) throws MalformedException {
    int from = position;
    skip(count);
    return new DwarfCursor(bytes, from, position);
  }

  /** An unsigned LEB128. Bits beyond 64 are dropped. */
  long unsigned() throws MalformedException {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int b = u8();
      if (shift < Long.SIZE) {
        value |= (long) (b & 0x7F) << shift;
      }
      if ((b & 0x80) == 0) {
        return value;
      }
    }
  }

  /** A signed LEB128. Bits beyond 64 are dropped. */
  long signed() throws MalformedException {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int b = u8();
      if (shift < Long.SIZE) {
        value |= (long) (b & 0x7F) << shift;
      }
      if ((b & 0x80) == 0) {
        boolean negative = (b & 0x40) != 0 && shift + 7 < Long.SIZE;
        return negative ? value | -1L << (shift + 7) : value;
      }
    }
  }

  /** Skips a string that ends with a zero byte. Returns its length without that byte. */
  int skipString() throws MalformedException {
    int from = position;
    while (u8() != 0) {
      // Skip to the end.
    }
    return position - from - 1;
  }

  /** Reads a string that ends with a zero byte, and decodes at most {@code most} bytes. */
  String string(int most) throws MalformedException {
    int from = position;
    int length = skipString();
    return new String(bytes, from, Math.min(length, most), StandardCharsets.UTF_8);
  }

  /** A string that ends with a zero byte, or its first {@code most} bytes. Reads no further. */
  String prefix(int most) {
    int to = position;
    while (to < end && to - position < most && bytes[to] != 0) {
      to++;
    }
    return new String(bytes, position, to - position, StandardCharsets.UTF_8);
  }
}
