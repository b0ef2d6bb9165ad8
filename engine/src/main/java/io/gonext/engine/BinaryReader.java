package io.gonext.engine;

import static io.gonext.engine.ModuleRejectedException.Reason.MALFORMED;
import static io.gonext.engine.ModuleRejectedException.Reason.TOO_LARGE;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * A cursor over a part of a module's bytes, as strict as the specification: it refuses an overlong
 * LEB128, a read past the end, and a count larger than the bytes that follow. It allocates only
 * names.
 *
 * <p>Source: WebAssembly Core Specification 2.0, chapter 5 (binary format).
 */
final class BinaryReader {
  private final byte[] bytes;
  private final int end;
  private int position;

  /** A cursor over {@code [from, to)}. */
  BinaryReader(byte[] bytes, int from, int to) {
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

  int u8() {
    if (position == end) {
      throw malformed("unexpected end");
    }
    return bytes[position++] & 0xFF;
  }

  /** The next byte, without moving on. */
  int peek() {
    if (position == end) {
      throw malformed("unexpected end");
    }
    return bytes[position] & 0xFF;
  }

  void skip(int count) {
    if (count > remaining()) {
      throw malformed("unexpected end: " + count + " bytes needed, " + remaining() + " left");
    }
    position += count;
  }

  /** The bits of a float of this many bytes; four bytes are sign-extended. */
  long bits(int count) {
    int at = position;
    skip(count);
    return count == Float.BYTES ? ByteArrays.getInt(bytes, at) : ByteArrays.getLong(bytes, at);
  }

  /** A cursor over the bytes that are left. */
  BinaryReader copy() {
    return new BinaryReader(bytes, position, end);
  }

  /** A cursor over the next {@code size} bytes, which this one skips. */
  BinaryReader slice(long size) {
    if (size > remaining()) {
      throw malformed("unexpected end: " + size + " bytes declared, " + remaining() + " left");
    }
    var part = new BinaryReader(bytes, position, position + (int) size);
    position += (int) size;
    return part;
  }

  /** An unsigned 32-bit LEB128. Most have one byte, so that case comes first. */
  long u32() {
    if (position < end && bytes[position] >= 0) {
      return bytes[position++];
    }
    return longU32();
  }

  private long longU32() {
    long value = 0;
    for (int shift = 0; ; shift += 7) {
      int b = u8();
      if (shift == 28 && (b & 0xF0) != 0) {
        throw malformed((b & 0x80) != 0 ? "integer representation too long" : "integer too large");
      }
      value |= (long) (b & 0x7F) << shift;
      if ((b & 0x80) == 0) {
        return value;
      }
    }
  }

  /** A signed LEB128 of at most {@code bits} bits: 32, 33 or 64. */
  long signed(int bits) {
    if (position < end && bytes[position] >= 0) {
      return (long) bytes[position++] << 57 >> 57;
    }
    return longSigned(bits);
  }

  private long longSigned(int bits) {
    long value = 0;
    int last = (bits - 1) / 7 * 7;
    for (int shift = 0; ; shift += 7) {
      int b = u8();
      if (shift == last) {
        checkLastByte(b, bits - last);
      }
      value |= (long) (b & 0x7F) << shift;
      if ((b & 0x80) == 0) {
        int used = shift + 7;
        return used >= 64 ? value : value << (64 - used) >> (64 - used);
      }
    }
  }

  /** Only {@code bits} bits of the last byte have a meaning; the others must repeat the sign. */
  private void checkLastByte(int b, int bits) {
    if ((b & 0x80) != 0) {
      throw malformed("integer representation too long");
    }
    int sign = (b & 0x7F) >> (bits - 1);
    if (sign != 0 && sign != 0x7F >> (bits - 1)) {
      throw malformed("integer too large");
    }
  }

  /**
   * A count of entries, limited only by the bytes that follow.
   *
   * @param what the entries' plural, for the message
   * @param leastBytes the fewest bytes of one entry, at least 1
   */
  int count(String what, int leastBytes) {
    return count(what, "", Integer.MAX_VALUE, leastBytes);
  }

  /**
   * A count of entries.
   *
   * @param what the entries' plural, for the message
   * @param name the limit's name in {@link EngineLimits}
   * @param limit the most entries allowed
   * @param leastBytes the fewest bytes of one entry, at least 1
   */
  int count(String what, String name, int limit, int leastBytes) {
    int at = position;
    long count = u32();
    if (count * leastBytes > remaining()) {
      throw new ModuleRejectedException(
          MALFORMED, at, count + " " + what + " declared in " + remaining() + " bytes");
    }
    if (count > limit) {
      throw new ModuleRejectedException(
          TOO_LARGE, at, count + " " + what + ", the limit is " + limit + EngineLimits.raise(name));
    }
    return (int) count;
  }

  /** A name of at most {@code limit} bytes of UTF-8. */
  String name(int limit) {
    int at = position;
    long length = u32();
    if (length > remaining()) {
      throw new ModuleRejectedException(
          MALFORMED, at, "a name of " + length + " bytes in " + remaining() + " bytes");
    }
    if (length > limit) {
      throw new ModuleRejectedException(
          TOO_LARGE, at, "a name of " + length + " bytes, the limit is " + limit);
    }
    var encoded = ByteBuffer.wrap(bytes, position, (int) length);
    position += (int) length;
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(encoded).toString();
    } catch (CharacterCodingException e) {
      throw new ModuleRejectedException(MALFORMED, at, "a name that is not UTF-8");
    }
  }

  ModuleRejectedException malformed(String message) {
    return new ModuleRejectedException(MALFORMED, position, message);
  }

  ModuleRejectedException unsupported(String message) {
    return new ModuleRejectedException(
        ModuleRejectedException.Reason.UNSUPPORTED_FEATURE, position, message);
  }

  ModuleRejectedException tooLarge(String message) {
    return new ModuleRejectedException(TOO_LARGE, position, message);
  }
}
