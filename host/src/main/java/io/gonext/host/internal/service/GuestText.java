package io.gonext.host.internal.service;

import io.gonext.engine.GuestMemory;
import java.nio.charset.StandardCharsets;

/**
 * Text from a guest for people to read. Long text is cut, and malformed parts are replaced, because
 * half of a message is better than none. For arguments that a function works with, see {@link
 * GuestArguments}.
 */
public final class GuestText {
  /** A longer text is cut, in bytes. */
  private static final int MAX_BYTES = 64 * 1024;

  private static final long U32 = 0xffff_ffffL;

  private GuestText() {}

  public static String utf8(GuestMemory memory, long pointer, long length) {
    return new String(
        memory.read(pointer & U32, Math.min(length & U32, MAX_BYTES)), StandardCharsets.UTF_8);
  }

  /**
   * A string of AssemblyScript: UTF-16, with its length in bytes in the i32 before it. A null
   * pointer is an empty string.
   */
  public static String utf16(GuestMemory memory, long pointer) {
    if ((pointer & U32) < 4) {
      return "";
    }
    long length = memory.readInt((pointer & U32) - 4) & U32;
    return new String(
        memory.read(pointer & U32, Math.min(length, MAX_BYTES)), StandardCharsets.UTF_16LE);
  }
}
