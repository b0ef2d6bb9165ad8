package io.gonext.engine;

import static io.gonext.engine.LinearMemory.BLOCK_BYTES;
import static io.gonext.engine.LinearMemory.BLOCK_SHIFT;

import java.util.Arrays;

/**
 * What a linear memory held when it was snapshotted. Immutable and shared by every instance that
 * started up into the same contents.
 *
 * <p>Holds the blocks of which a byte is not zero, one after the other, and where each of them is:
 * a guest's stack that nothing was written to yet takes no room, wherever in the memory it lies.
 */
final class MemoryImage {
  /** A block of zeros, to compare with. */
  static final byte[] ZEROS = new byte[BLOCK_BYTES];

  private static final int ZERO = -1;

  /** The blocks that are not zero, in their order. */
  private final byte[] blocks;

  /**
   * Where in {@code blocks} each block of the memory begins, or {@link #ZERO}; up to the last one
   * that is not zero.
   */
  private final int[] places;

  private final int sizeBytes;

  private MemoryImage(byte[] blocks, int[] places, int sizeBytes) {
    this.blocks = blocks;
    this.places = places;
    this.sizeBytes = sizeBytes;
  }

  /** The first {@code size} bytes of a memory. */
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

  /** The heap that it holds. */
  long weightBytes() {
    return (long) blocks.length + (long) Integer.BYTES * places.length;
  }

  /** The memory's size. */
  int sizeBytes() {
    return sizeBytes;
  }

  /** All bytes, as an array of their own. */
  byte[] contents() {
    var contents = new byte[sizeBytes];
    for (int block = 0; block < places.length; block++) {
      int from = block << BLOCK_SHIFT;
      copyTo(contents, from, Math.min(from + BLOCK_BYTES, sizeBytes));
    }
    return contents;
  }

  /**
   * Writes what it holds to the same place of a memory, which may be longer than the image: there
   * are zeros after it.
   *
   * @param from where a block begins
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

  /** Of a range no longer than a block. */
  private static boolean isZero(byte[] data, int from, int to) {
    return Arrays.mismatch(data, from, to, ZEROS, 0, to - from) < 0;
  }
}
