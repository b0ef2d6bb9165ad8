package io.gonext.engine;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A guest's linear memory, seen from the host.
 *
 * <p>Pointers and lengths come from the guest, and are {@code long}. A range outside of the memory
 * throws {@link AbiViolationException} before anything is copied. Use it only on the thread that
 * runs the guest, inside {@link GuestInstance#run}.
 */
public final class GuestMemory {
  private final LinearMemory memory;

  /** Where host functions' reads and writes are recorded, if they are. */
  private @Nullable TraceRecorder recorder;

  GuestMemory(LinearMemory memory) {
    this.memory = memory;
  }

  void recordTo(@Nullable TraceRecorder newRecorder) {
    recorder = newRecorder;
  }

  /** The current size in bytes, a multiple of 64 KiB. */
  public long sizeBytes() {
    return memory.sizeBytes();
  }

  /** A copy of {@code length} bytes. */
  public byte[] read(long pointer, long length) {
    check(pointer, length);
    recordRead(pointer, (int) length);
    return memory.readBytes((int) pointer, (int) length);
  }

  /** Copies all of {@code bytes} into the guest. */
  public void write(long pointer, byte[] bytes) {
    check(pointer, bytes.length);
    memory.write((int) pointer, bytes);
    recordWrite(pointer, bytes.length);
  }

  /** The little-endian 32-bit integer at {@code pointer}, with any alignment. */
  public int readInt(long pointer) {
    check(pointer, Integer.BYTES);
    recordRead(pointer, Integer.BYTES);
    return memory.readInt((int) pointer);
  }

  /** Writes a little-endian 32-bit integer. */
  public void writeInt(long pointer, int value) {
    check(pointer, Integer.BYTES);
    memory.writeInt((int) pointer, value);
    recordWrite(pointer, Integer.BYTES);
  }

  /** Writes a little-endian 64-bit integer. */
  public void writeLong(long pointer, long value) {
    check(pointer, Long.BYTES);
    memory.writeLong((int) pointer, value);
    recordWrite(pointer, Long.BYTES);
  }

  /** Writes one byte. */
  public void writeByte(long pointer, byte value) {
    check(pointer, Byte.BYTES);
    memory.writeByte((int) pointer, value);
    recordWrite(pointer, Byte.BYTES);
  }

  /** The little-endian 64-bit integer at {@code pointer}, with any alignment. */
  public long readLong(long pointer) {
    check(pointer, Long.BYTES);
    recordRead(pointer, Long.BYTES);
    return memory.readLong((int) pointer);
  }

  /**
   * Text of {@code length} bytes.
   *
   * @throws AbiViolationException also when the bytes are not UTF-8
   */
  public String readUtf8(long pointer, long length) {
    byte[] bytes = read(pointer, length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw violation(pointer, length, "is not UTF-8", e);
    }
  }

  private void recordRead(long pointer, int length) {
    if (recorder != null) {
      recorder.read(pointer, memory, length);
    }
  }

  private void recordWrite(long pointer, int length) {
    if (recorder != null) {
      recorder.wrote(pointer, memory, length);
    }
  }

  private void check(long pointer, long length) {
    long size = memory.sizeBytes();
    if (pointer < 0 || length < 0 || pointer > size || length > size - pointer) {
      throw violation(
          pointer, length, "does not lie in the guest's " + size + " bytes of memory", null);
    }
  }

  private static AbiViolationException violation(
      long pointer, long length, String what, @Nullable Exception cause) {
    var violation = new AbiViolationException("block [" + pointer + ", +" + length + ") " + what);
    if (cause != null) {
      violation.initCause(cause);
    }
    return violation;
  }
}
