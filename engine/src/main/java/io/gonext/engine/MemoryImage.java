package io.gonext.engine;

import static io.gonext.engine.LinearMemory.BLOCK_BYTES;

import java.util.Arrays;

/**
 * What a linear memory held when it was snapshotted. Immutable and shared by every instance that
 * started up into the same contents.
 */
final class MemoryImage {
  /** A block of zeros, to compare with. */
  static final byte[] ZEROS = new byte[BLOCK_BYTES];

  /** The contents up to the last byte that is not zero. */
  private final byte[] bytes;

  private final int sizeBytes;

  /** For each block of {@code bytes} whether any byte of it is not zero. */
  private final boolean[] used;

  private MemoryImage(byte[] bytes, int sizeBytes, boolean[] used) {
    this.bytes = bytes;
    this.sizeBytes = sizeBytes;
    this.used = used;
  }

  /** The first {@code size} bytes of a memory. */
  static MemoryImage of(byte[] data, int size) {
    var used = new boolean[LinearMemory.dirtyLength(size)];
    int end = 0;
    for (int block = 0; block < used.length; block++) {
      int from = block * BLOCK_BYTES;
      int to = Math.min(from + BLOCK_BYTES, size);
      used[block] = !isZero(data, from, to);
      if (used[block]) {
        end = to;
      }
    }
    while (end > 0 && data[end - 1] == 0) {
      end--;
    }
    return new MemoryImage(
        Arrays.copyOf(data, end), size, Arrays.copyOf(used, LinearMemory.dirtyLength(end)));
  }

  /** The contents up to the last byte that is not zero; not to be written. */
  byte[] bytes() {
    return bytes;
  }

  /** The heap that it holds. */
  long weightBytes() {
    return (long) bytes.length + used.length;
  }

  /** The memory's size. */
  int sizeBytes() {
    return sizeBytes;
  }

  /**
   * Whether a memory equals. Looks only at blocks that are marked, or begin where a store into a
   * marked one may have ended: comparing all bytes took longer than the rest of making an instance.
   *
   * @param dirty a mark for every block in which a byte may not be zero
   */
  boolean isEqualTo(byte[] data, byte[] dirty, int size) {
    if (size != sizeBytes) {
      return false;
    }
    boolean markedBefore = false;
    for (int block = 0; block * BLOCK_BYTES < size; block++) {
      boolean marked = dirty[block] != 0;
      boolean same = (marked || markedBefore) ? holds(block, data) : !isUsed(block);
      if (!same) {
        return false;
      }
      markedBefore = marked;
    }
    return true;
  }

  private boolean isUsed(int block) {
    return block < used.length && used[block];
  }

  private boolean holds(int block, byte[] data) {
    int from = block * BLOCK_BYTES;
    int to = Math.min(from + BLOCK_BYTES, sizeBytes);
    int end = Math.clamp(bytes.length, from, to);
    int start = Math.min(from, bytes.length);
    return Arrays.equals(data, from, end, bytes, start, start + end - from)
        && isZero(data, end, to);
  }

  /** Of a range no longer than a block. */
  private static boolean isZero(byte[] data, int from, int to) {
    return Arrays.mismatch(data, from, to, ZEROS, 0, to - from) < 0;
  }
}
