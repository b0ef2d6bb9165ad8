package io.gonext.engine;

import java.util.Arrays;

/**
 * What a linear memory held when it was snapshotted. Immutable and shared by every instance that
 * started up into the same contents.
 */
final class MemoryImage {
  /** The contents up to the last byte that is not zero. */
  private final byte[] bytes;

  private final int sizeBytes;

  MemoryImage(byte[] bytes, int sizeBytes) {
    this.bytes = bytes;
    this.sizeBytes = sizeBytes;
  }

  /** The contents up to the last byte that is not zero; not to be written. */
  byte[] bytes() {
    return bytes;
  }

  /** The memory's size. */
  int sizeBytes() {
    return sizeBytes;
  }

  /**
   * Whether a memory of {@code size} whose last byte that is not zero ends at {@code used} equals.
   */
  boolean isEqualTo(byte[] data, int used, int size) {
    return size == sizeBytes && Arrays.equals(data, 0, used, bytes, 0, bytes.length);
  }
}
