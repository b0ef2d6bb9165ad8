package io.gonext.engine;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import run.endive.runtime.ConstantEvaluators;
import run.endive.runtime.Instance;
import run.endive.runtime.Memory;
import run.endive.runtime.WasmRuntimeException;
import run.endive.wasm.UninstantiableException;
import run.endive.wasm.types.ActiveDataSegment;
import run.endive.wasm.types.DataSegment;
import run.endive.wasm.types.MemoryLimits;
import run.endive.wasm.types.PassiveDataSegment;

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
abstract sealed class LinearMemory extends GuestAccess implements Memory
    permits ExactMemory, RoomyMemory {
  static final int BLOCK_SHIFT = 12;
  static final int BLOCK_BYTES = 1 << BLOCK_SHIFT;

  /** The most bytes of one store that can lie past the end of the block in which it begins. */
  private static final int STRADDLE = Long.BYTES - 1;

  /** Marks without a dirty block, for comparison. */
  private static final byte[] CLEAN = MemoryImage.ZEROS;

  static final int MARKED = 1;

  /** Bulk operations poll for interrupts after this many bytes, about 20 us of work. */
  private static final int BULK_CHUNK_BYTES = 1 << 18;

  private final int initialPages;
  private final int maximumPages;

  /** Whether no mark was ever cleared. Then a block without a mark still holds only zeros. */
  private boolean marksAreComplete = true;

  /** The instance's array of segments, set at initialization. */
  private DataSegment[] segments = {};

  /** The size in pages of the last refused growth, or 0. */
  private long refusedPages;

  /**
   * A memory of zeros.
   *
   * @param limits the limits that the module declares
   * @param capPages the most pages allowed; a lower maximum of the module takes precedence
   */
  LinearMemory(MemoryLimits limits, int capPages) {
    int bytes = bytes(limits.initialPages());
    super(new byte[bytes], new byte[dirtyLength(bytes)]);
    this.initialPages = limits.initialPages();
    this.maximumPages = Math.min(limits.maximumPages(), capPages);
  }

  private static int bytes(int pages) {
    return Math.multiplyExact(pages, PAGE_SIZE);
  }

  static int dirtyLength(int bytes) {
    return (bytes + BLOCK_BYTES - 1) >>> BLOCK_SHIFT;
  }

  /** Called when the size changes, after the array is long enough. */
  void setLimit(int bytes) {
    limit = bytes;
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
    return new ExactMemory(new MemoryLimits(0, 0), 0);
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
    setLimit(image.sizeBytes());
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

  @Override
  public int pages() {
    return limit / PAGE_SIZE;
  }

  @Override
  public int initialPages() {
    return initialPages;
  }

  @Override
  public int maximumPages() {
    return maximumPages;
  }

  @Override
  public int grow(int delta) {
    int before = pages();
    long after = before + Integer.toUnsignedLong(delta);
    if (after > maximumPages || !reserve(bytes((int) after))) {
      refusedPages = after;
      return -1;
    }
    setLimit(bytes((int) after));
    return before;
  }

  /** Makes the array long enough for this many bytes. False if the heap is full. */
  abstract boolean reserve(int wanted);

  // Segments ------------------------------------------------------------------------------------

  @Override
  public void initialize(Instance instance, DataSegment[] dataSegments) {
    initialize(instance, dataSegments, 0);
  }

  @Override
  public void initialize(Instance instance, DataSegment[] dataSegments, int memoryIndex) {
    this.segments = dataSegments;
    for (DataSegment segment : dataSegments) {
      if (segment instanceof ActiveDataSegment active && active.index() == memoryIndex) {
        int offset =
            (int) ConstantEvaluators.computeConstantValue(instance, active.offsetInstructions())[0];
        byte[] bytes = active.data();
        if (isOutside(offset, bytes.length)) {
          throw new UninstantiableException(
              "out of bounds memory access: data segment at " + Integer.toUnsignedLong(offset));
        }
        write(offset, bytes, 0, bytes.length);
      }
    }
  }

  @Override
  public void initPassiveSegment(int segmentId, int dest, int offset, int size) {
    write(dest, segments[segmentId].data(), offset, size);
  }

  @Override
  public void drop(int segment) {
    segments[segment] = PassiveDataSegment.EMPTY;
  }

  DataSegment[] segments() {
    return segments;
  }

  // Bulk ----------------------------------------------------------------------------------------

  @Override
  public void zero() {
    fill((byte) 0, 0, limit);
  }

  @Override
  public void fill(byte value, int fromIndex, int toIndex) {
    // If the guest's size is too large, toIndex wraps around, and is negative or too small.
    if (fromIndex < 0 || toIndex < fromIndex || toIndex > limit) {
      throw outOfBounds(fromIndex, toIndex - fromIndex);
    }
    mark(fromIndex, toIndex - fromIndex);
    for (int from = fromIndex; from < toIndex; ) {
      int to = from + Math.min(toIndex - from, BULK_CHUNK_BYTES);
      Arrays.fill(data, from, to, value);
      from = afterChunk(to);
    }
  }

  @Override
  public void copy(int dest, int src, int size) {
    if (isOutside(src, size)) {
      throw outOfBounds(src, size);
    }
    if (isOutside(dest, size)) {
      throw outOfBounds(dest, size);
    }
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

  @Override
  public void write(int addr, byte[] bytes, int offset, int size) {
    if (isOutside(addr, size)) {
      throw outOfBounds(addr, size);
    }
    if (offset < 0 || offset > bytes.length - size) {
      throw outOfBounds(offset, size);
    }
    System.arraycopy(bytes, offset, data, addr, size);
    mark(addr, size);
  }

  @Override
  public byte[] readBytes(int addr, int len) {
    if (isOutside(addr, len)) {
      throw outOfBounds(addr, len);
    }
    return Arrays.copyOfRange(data, addr, addr + len);
  }

  /**
   * Compiled code polls for interrupts only at calls and backward branches, so bulk operations in a
   * straight line must poll too.
   */
  private static int afterChunk(int position) {
    Interrupts.check();
    return position;
  }

  private boolean isOutside(int addr, int size) {
    return (addr | size) < 0 || addr > limit - size;
  }

  private void mark(int addr, int size) {
    if (size > 0) {
      Arrays.fill(
          dirty, addr >>> BLOCK_SHIFT, ((addr + size - 1) >>> BLOCK_SHIFT) + 1, (byte) MARKED);
    }
  }

  final WasmRuntimeException outOfBounds(int addr, int size) {
    return new WasmRuntimeException(
        "out of bounds memory access: "
            + Integer.toUnsignedLong(size)
            + " bytes at "
            + Integer.toUnsignedLong(addr)
            + " of "
            + limit);
  }

  // Threads: refused at admission, so that none of these can be reached ---------------------------

  @Override
  public boolean shared() {
    return false;
  }

  @Override
  @SuppressWarnings("removal")
  public Object lock(int address) {
    throw noThreads();
  }

  @Override
  @SuppressWarnings("removal")
  public int waitOn(int address, int expected, long timeout) {
    throw noThreads();
  }

  @Override
  @SuppressWarnings("removal")
  public int waitOn(int address, long expected, long timeout) {
    throw noThreads();
  }

  @Override
  @SuppressWarnings("removal")
  public int notify(int address, int maxThreads) {
    throw noThreads();
  }

  private static UnsupportedOperationException noThreads() {
    return new UnsupportedOperationException("this memory is not shared");
  }
}
