package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.Range;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A linear memory in one flat array, with one dirty byte for each block of 4 KiB. The subclasses
 * differ in how they check bounds, and so in how they grow.
 *
 * <p>Invariants: {@code limit} is the memory's size and at most {@code data.length}. The bytes from
 * {@code limit} on are zero. Every block with a store since the last snapshot is marked. A store
 * across a block's end marks only the block in which it begins, so {@link #restore} copies {@link
 * #STRADDLE} bytes more.
 *
 * <p>An address is the guest's 32-bit address. An address of 2^31 or more is negative here, and out
 * of bounds, because an array is shorter. Owned by the thread that runs the instance.
 */
abstract sealed class LinearMemory extends GuestAccess permits ExactMemory, RoomyMemory {
  static final int PAGE_SIZE = 1 << 16;
  static final int BLOCK_SHIFT = 12;
  static final int BLOCK_BYTES = 1 << BLOCK_SHIFT;

  /** The most bytes of one store that can lie past the end of the block in which it begins. */
  private static final int STRADDLE = Long.BYTES - 1;

  /** Marks without a dirty block, for comparison. */
  private static final byte[] CLEAN = MemoryImage.ZEROS;

  static final int MARKED = 1;

  /** Bulk operations poll for interrupts after this many bytes, about 20 us of work. */
  private static final int BULK_CHUNK_BYTES = 1 << 18;

  private final int maximumPages;

  /** Whether no mark was ever cleared. Then a block without a mark still holds only zeros. */
  private boolean marksAreComplete = true;

  /** The size in pages of the last refused growth, or 0. */
  private long refusedPages;

  /**
   * A memory of zeros.
   *
   * @param declared the size that the module declares
   * @param capPages the most pages allowed; a lower maximum of the module takes precedence
   */
  LinearMemory(MemoryType declared, int capPages) {
    int bytes = bytes(declared.minimumPages());
    super(new byte[bytes], new byte[dirtyLength(bytes)]);
    this.maximumPages = Math.min(declared.maximumPages(), capPages);
  }

  private static int bytes(int pages) {
    return Math.multiplyExact(pages, PAGE_SIZE);
  }

  static int dirtyLength(int bytes) {
    return (bytes + BLOCK_BYTES - 1) >>> BLOCK_SHIFT;
  }

  int sizeBytes() {
    return limit;
  }

  /**
   * The heap bytes of this memory, including arrays kept for later growth. Any thread may call
   * this.
   */
  long weightBytes() {
    return (long) data.length + dirty.length;
  }

  /** The memory of a module that declares none. */
  static LinearMemory none() {
    return new ExactMemory(new MemoryType(0, 0), 0);
  }

  void clearRefusedGrowth() {
    refusedPages = 0;
  }

  /** The last refused growth since the last clear, or null. */
  TrapCause.@Nullable MemoryLimit refusedGrowth() {
    return refusedPages == 0 ? null : new TrapCause.MemoryLimit(refusedPages, maximumPages);
  }

  // Snapshot and restore ------------------------------------------------------------------------

  /** An image of the current contents, or {@code candidate} if it is equal. Clears every mark. */
  MemoryImage takeImage(@Nullable MemoryImage candidate) {
    MemoryImage image =
        candidate != null && marksAreComplete && candidate.isEqualTo(data, dirty, limit)
            ? candidate
            : MemoryImage.of(data, limit);
    Arrays.fill(dirty, (byte) 0);
    marksAreComplete = false;
    return image;
  }

  /** Restores an image of this memory: its size, and every byte stored since. */
  void restore(MemoryImage image) {
    marksAreComplete = false;
    restoreMarked(data, dirty, limit, image);
    limit = image.sizeBytes();
  }

  /** Restores the marked blocks of the first {@code limit} bytes, and clears their marks. */
  static void restoreMarked(byte[] data, byte[] dirty, int limit, MemoryImage image) {
    for (int block = nextMarked(dirty, 0); block >= 0; block = nextMarked(dirty, block + 1)) {
      dirty[block] = 0;
      image.copyTo(data, block << BLOCK_SHIFT, endOfStores(block, limit));
    }
  }

  /** Copies the marked blocks and their marks to an array that is otherwise equal. */
  static void copyMarked(byte[] data, byte[] dirty, byte[] toData, byte[] toDirty) {
    for (int block = nextMarked(dirty, 0); block >= 0; block = nextMarked(dirty, block + 1)) {
      toDirty[block] = MARKED;
      int from = block << BLOCK_SHIFT;
      System.arraycopy(data, from, toData, from, endOfStores(block, data.length) - from);
    }
  }

  /** The end of the bytes that stores which marked this block may have written. */
  private static int endOfStores(int block, int limit) {
    return Math.min((block << BLOCK_SHIFT) + BLOCK_BYTES + STRADDLE, limit);
  }

  /** The first marked block from this one on, or -1. */
  private static int nextMarked(byte[] dirty, int block) {
    // Array comparison is the one loop over bytes that the JVM runs at 32 bytes per cycle.
    for (int from = block; from < dirty.length; ) {
      int to = Math.min(from + CLEAN.length, dirty.length);
      int offset = Arrays.mismatch(dirty, from, to, CLEAN, 0, to - from);
      if (offset >= 0) {
        return from + offset;
      }
      from = to;
    }
    return -1;
  }

  /** The bytes in blocks that were written since the image was taken or restored. */
  long writtenBytes() {
    long blocks = 0;
    for (int block = nextMarked(dirty, 0); block >= 0; block = nextMarked(dirty, block + 1)) {
      blocks++;
    }
    return Math.min(blocks << BLOCK_SHIFT, limit);
  }

  /** Whether growth cost so much in this lease that another kind of memory is better. */
  abstract boolean outgrewItsKind();

  /** A copy of all bytes, for comparison. */
  byte[] contents() {
    return Arrays.copyOf(data, limit);
  }

  // Size ----------------------------------------------------------------------------------------

  int pages() {
    return limit / PAGE_SIZE;
  }

  /** Whether growth by so many pages is within the limit. */
  boolean mayGrow(int delta) {
    return pages() + Integer.toUnsignedLong(delta) <= maximumPages;
  }

  int maximumPages() {
    return maximumPages;
  }

  /**
   * Grows by that many pages.
   *
   * @return the pages before, or -1 if the memory cannot become that large
   */
  int grow(int delta) {
    // Growth may copy all bytes, and compiled code does not poll in a straight line.
    Interrupts.check();
    int before = pages();
    long after = before + Integer.toUnsignedLong(delta);
    if (after > maximumPages || !reserve(bytes((int) after))) {
      refusedPages = after;
      return -1;
    }
    limit = bytes((int) after);
    return before;
  }

  /** Makes the array long enough for this many bytes. False if the heap is full. */
  abstract boolean reserve(int wanted);

  // Loads and stores of the host -----------------------------------------------------------------

  int readInt(int addr) {
    check(addr, Integer.BYTES);
    return (int) INT.get(data, addr);
  }

  long readLong(int addr) {
    check(addr, Long.BYTES);
    return (long) LONG.get(data, addr);
  }

  void writeByte(int addr, byte value) {
    check(addr, Byte.BYTES);
    data[addr] = value;
    mark(addr, Byte.BYTES);
  }

  void writeInt(int addr, int value) {
    check(addr, Integer.BYTES);
    INT.set(data, addr, value);
    mark(addr, Integer.BYTES);
  }

  void writeLong(int addr, long value) {
    check(addr, Long.BYTES);
    LONG.set(data, addr, value);
    mark(addr, Long.BYTES);
  }

  byte[] readBytes(int addr, int size) {
    check(addr, size);
    return Arrays.copyOfRange(data, addr, addr + size);
  }

  void write(int addr, byte[] bytes) {
    check(addr, bytes.length);
    System.arraycopy(bytes, 0, data, addr, bytes.length);
    mark(addr, bytes.length);
  }

  // Bulk ----------------------------------------------------------------------------------------

  void fill(int addr, int value, int size) {
    check(addr, size);
    mark(addr, size);
    int end = addr + size;
    for (int from = addr; from < end; ) {
      int to = from + Math.min(end - from, BULK_CHUNK_BYTES);
      Arrays.fill(data, from, to, (byte) value);
      from = afterChunk(to);
    }
  }

  void copy(int dest, int src, int size) {
    check(src, size);
    check(dest, size);
    mark(dest, size);
    if (src >= dest) {
      for (int done = 0; done < size; ) {
        int part = Math.min(size - done, BULK_CHUNK_BYTES);
        System.arraycopy(data, src + done, data, dest + done, part);
        done = afterChunk(done + part);
      }
    } else {
      // Copy from the end, so that no part is overwritten before it is copied.
      for (int left = size; left > 0; ) {
        int part = Math.min(left, BULK_CHUNK_BYTES);
        left = afterChunk(left - part);
        System.arraycopy(data, src + left, data, dest + left, part);
      }
    }
  }

  /**
   * Copies a part of a data segment.
   *
   * @param segment where the segment is in {@code bytes}
   * @param offset where the part begins in the segment
   */
  void initialize(int addr, byte[] bytes, Range segment, int offset, int size) {
    check(addr, size);
    if (isOutside(offset, size, segment.length())) {
      throw outOfBounds(offset, size, segment.length());
    }
    mark(addr, size);
    for (int done = 0; done < size; ) {
      int part = Math.min(size - done, BULK_CHUNK_BYTES);
      System.arraycopy(bytes, segment.from() + offset + done, data, addr + done, part);
      done = afterChunk(done + part);
    }
  }

  /**
   * Compiled code polls for interrupts only at calls and backward branches, so bulk operations in a
   * straight line must poll too.
   */
  private static int afterChunk(int position) {
    Interrupts.check();
    return position;
  }

  /** Traps unless this range lies in the memory. */
  private void check(int addr, int size) {
    if (isOutside(addr, size, limit)) {
      throw outOfBounds(addr, size, limit);
    }
  }

  private static boolean isOutside(int from, int size, int length) {
    return (from | size) < 0 || from > length - size;
  }

  private void mark(int addr, int size) {
    if (size > 0) {
      Arrays.fill(
          dirty, addr >>> BLOCK_SHIFT, ((addr + size - 1) >>> BLOCK_SHIFT) + 1, (byte) MARKED);
    }
  }

  private static TrapSignal outOfBounds(int from, int size, int length) {
    return new TrapSignal(
        new TrapCause.OutOfBounds(
            "out of bounds memory access: "
                + Integer.toUnsignedLong(size)
                + " bytes at "
                + Integer.toUnsignedLong(from)
                + " of "
                + length));
  }
}
