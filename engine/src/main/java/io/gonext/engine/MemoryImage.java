package io.gonext.engine;

import static io.gonext.engine.LinearMemory.BLOCK_BYTES;
import static io.gonext.engine.LinearMemory.BLOCK_SHIFT;

import java.util.Arrays;

/**
 * A linear memory's contents at the snapshot. Immutable; all instances with the same contents after
 * start-up share it.
 *
 * <p>Holds only the blocks that are not zero, and where each belongs. So a stack that the guest has
 * not written to takes no space, wherever it lies in memory.
 */
final class MemoryImage {
  /** A block of zeros, for comparison. */
  static final byte[] ZEROS = new byte[BLOCK_BYTES];

  private static final int ZERO = -1;

  /** The nonzero blocks, in order. */
  private final byte[] blocks;

  /**
   * The offset in {@code blocks} of each block of the memory, or {@link #ZERO}, up to the last
   * nonzero block.
   */
  private final int[] places;

  private final int sizeBytes;

  private MemoryImage(byte[] blocks, int[] places, int sizeBytes) {
    this.blocks = blocks;
    this.places = places;
    this.sizeBytes = sizeBytes;
  }

  /** An image of the first {@code size} bytes of a memory. */
  static MemoryImage of(byte[] data, int size) {
    var places = new int[LinearMemory.dirtyLength(size)];
    int held = 0;
    int end = 0;
    for (int block = 0; block < places.length; block++) {
      int from = block << BLOCK_SHIFT;
      if (isZero(data, from, Math.min(from + BLOCK_BYTES, size))) {
        places[block] = ZERO;
      } else {
        places[block] = held;
        held += BLOCK_BYTES;
        end = block + 1;
      }
    }
    var blocks = new byte[held];
    for (int block = 0; block < end; block++) {
      if (places[block] != ZERO) {
        int from = block << BLOCK_SHIFT;
        System.arraycopy(data, from, blocks, places[block], Math.min(BLOCK_BYTES, size - from));
      }
    }
    return new MemoryImage(blocks, Arrays.copyOf(places, end), size);
  }

  /** The heap bytes of the image. */
  long weightBytes() {
    return (long) blocks.length + (long) Integer.BYTES * places.length;
  }

  /** The memory's size. */
  int sizeBytes() {
    return sizeBytes;
  }

  /** A new array with all bytes. */
  byte[] contents() {
    var contents = new byte[sizeBytes];
    for (int block = 0; block < places.length; block++) {
      int from = block << BLOCK_SHIFT;
      copyTo(contents, from, Math.min(from + BLOCK_BYTES, sizeBytes));
    }
    return contents;
  }

  /**
   * Writes a range of the image to the same place in a memory. The memory may be longer than the
   * image, and gets zeros after it.
   *
   * @param from the start of a block
   * @param to at most in the block after that
   */
  void copyTo(byte[] data, int from, int to) {
    int block = from >>> BLOCK_SHIFT;
    int next = Math.min(from + BLOCK_BYTES, to);
    copyPart(block, data, from, next);
    if (next < to) {
      copyPart(block + 1, data, next, to);
    }
  }

  private void copyPart(int block, byte[] data, int from, int to) {
    int place = place(block);
    if (place == ZERO) {
      Arrays.fill(data, from, to, (byte) 0);
    } else {
      System.arraycopy(blocks, place, data, from, to - from);
    }
  }

  private int place(int block) {
    return block < places.length ? places[block] : ZERO;
  }

  /**
   * Whether a memory has these contents. Compares only marked blocks and the blocks into which a
   * store in a marked block may have reached: comparing all bytes took longer than the rest of
   * creating an instance.
   *
   * @param dirty a mark for every block in which a byte may not be zero
   */
  boolean isEqualTo(byte[] data, byte[] dirty, int size) {
    if (size != sizeBytes) {
      return false;
    }
    boolean markedBefore = false;
    for (int block = 0; (block << BLOCK_SHIFT) < size; block++) {
      boolean marked = dirty[block] != 0;
      boolean same = (marked || markedBefore) ? holds(block, data) : place(block) == ZERO;
      if (!same) {
        return false;
      }
      markedBefore = marked;
    }
    return true;
  }

  private boolean holds(int block, byte[] data) {
    int from = block << BLOCK_SHIFT;
    int to = Math.min(from + BLOCK_BYTES, sizeBytes);
    int place = place(block);
    return place == ZERO
        ? isZero(data, from, to)
        : Arrays.equals(data, from, to, blocks, place, place + to - from);
  }

  /** Compares a range of at most one block. */
  private static boolean isZero(byte[] data, int from, int to) {
    return Arrays.mismatch(data, from, to, ZEROS, 0, to - from) < 0;
  }
}
