package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.MemoryType;
import io.gonext.engine.ModuleDefinition.Range;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear memory in one flat array, with one dirty byte for each block of 4 KiB.
 *
 * <p>The memory is either <i>exact</i> or <i>roomy</i>. Exact: the array has exactly the memory's
 * size, compiled code accesses it, and the JVM's index check is the bounds check. But growth to a
 * new size copies everything, so a guest that grows page by page would take quadratic time. Roomy:
 * the array is longer, so growth costs little. Compiled code then has no array, and each access is
 * a call of a method here. The memory becomes roomy when growth has copied much in a lease, and
 * exact again when compiled code has made many accesses since: see {@link #grow} and {@link
 * #becomeExact}.
 *
 * <p>A lease that grows to the same sizes as an earlier lease copies only the blocks that it stored
 * to. The memory keeps the array of the snapshot's size while it is larger. For later leases it
 * keeps the most recently used larger arrays, up to {@link #SPARE_BYTES} more than the snapshot's
 * size. If the last lease to grow made it roomy, it keeps that lease's longest array instead.
 *
 * <p>Invariants: {@code limit} is the memory's size and at most {@code bytes.length}. The bytes
 * from {@code limit} on are zero. {@code data} is {@code bytes} or null, and null if {@code bytes}
 * is longer than the memory. Every block with a store since the last snapshot is marked. A store
 * across a block's end marks only the block in which it begins, so {@link #restore} copies {@link
 * #STRADDLE} bytes more. After the snapshot each array that is kept holds, except for its marked
 * blocks, the snapshot and then zeros. In a lease, a block marked in a kept array is also marked in
 * the one in use.
 *
 * <p>An address is the guest's 32-bit address. An address of 2^31 or more is negative here, and out
 * of bounds, because an array is shorter. Owned by the thread that runs the instance.
 */
final class LinearMemory extends GuestAccess {
  static final int PAGE_SIZE = 1 << 16;
  static final int BLOCK_SHIFT = 12;
  static final int BLOCK_BYTES = 1 << BLOCK_SHIFT;

  /** The most bytes of one store that can lie past the end of the block in which it begins. */
  private static final int STRADDLE = Long.BYTES - 1;

  /** Marks without a dirty block, for comparison. */
  private static final byte[] CLEAN = MemoryImage.ZEROS;

  static final int MARKED = 1;

  /** Of a block without a store since {@link #written}. Code of guests never writes it. */
  private static final byte AGED = 2;

  /** What of a block is copied and compared at least, and at most as a part. */
  private static final int PART_BYTES = 512;

  private static final int MAX_PART_BYTES = BLOCK_BYTES / 2;

  /** Bulk operations poll for interrupts after this many bytes, about 20 us of work. */
  private static final int BULK_CHUNK_BYTES = 1 << 18;

  /** The most bytes of kept arrays, in addition to the snapshot's size. */
  private static final int SPARE_BYTES = 2 << 20;

  /** A memory becomes roomy only after growth has copied more than this in one lease. */
  private static final long MOST_COPIED_BYTES = 16L << 20;

  /** And more than so many times the snapshot's size. */
  private static final int MOST_COPIES = 4;

  /**
   * A roomy memory becomes exact after one access of compiled code for so many bytes. These
   * accesses and the copy then take about the same time.
   */
  private static final int BYTES_AN_ACCESS = 16;

  /** After so many leases without it, the roomy array is not kept any more. */
  private static final int MOST_IDLE_LEASES = 64;

  private final int maximumPages;
  private final RoomyWhen roomyWhen;

  /** When a memory becomes roomy. Only tests use other values than the first. */
  enum RoomyWhen {
    /** When exact growth would copy more than {@link #MOST_COPIED_BYTES} in a lease. */
    MUCH_COPIED,
    /** When exact growth would copy anything. */
    ANYTHING_COPIED,
    /** Compiled code never gets the array, even if the memory has not grown. */
    ALWAYS
  }

  /** An array of some size and its marks. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sized(byte[] bytes, byte[] dirty) {
    int weight() {
      return bytes.length + dirty.length;
    }
  }

  /** The array in use. */
  private byte[] bytes;

  /** The memory's size in bytes. */
  private int limit;

  /**
   * The array of the snapshot's size and its marks from before the growth. Null if the memory has
   * not grown.
   */
  private @Nullable Sized base;

  /** Exact arrays that are larger than the snapshot, the most recently used one last. */
  private final List<Sized> spares = new ArrayList<>();

  /** The most bytes of {@code spares}; 0 before the snapshot. */
  private long spareBudget;

  /** A long array for when the memory is roomy, not in use. */
  private @Nullable Sized reserve;

  /** How many leases in a row have not needed {@code reserve}. */
  private int idleLeases;

  /**
   * The heap bytes of {@code base}, {@code spares} and {@code reserve}. Any thread may read this.
   */
  private volatile long keptBytes;

  /** How many bytes growth has copied in this lease, or would have copied in an exact memory. */
  private long copiedBytes;

  /** Whether the last lease that grew copied so much that the next one to grow is roomy at once. */
  private boolean grewALot;

  /** After so many more loads and stores here the memory becomes exact. */
  private int accessesUntilExact = Integer.MAX_VALUE;

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
    this(declared, capPages, RoomyWhen.MUCH_COPIED);
  }

  LinearMemory(MemoryType declared, int capPages, RoomyWhen roomyWhen) {
    int size = size(declared.minimumPages());
    var zeros = new byte[size];
    super(new byte[dirtyLength(size)]);
    this.maximumPages = Math.min(declared.maximumPages(), capPages);
    this.roomyWhen = roomyWhen;
    this.bytes = zeros;
    this.limit = size;
    expose();
  }

  private static int size(int pages) {
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
    return (long) bytes.length + dirty.length + keptBytes;
  }

  /** The memory of a module that declares none. */
  static LinearMemory none() {
    return new LinearMemory(new MemoryType(0, 0), 0);
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
    if (bytes.length > limit) {
      bytes = Arrays.copyOf(bytes, limit);
      dirty = Arrays.copyOf(dirty, dirtyLength(limit));
      expose();
    }
    base = null;
    spares.clear();
    spareBudget = (long) limit + SPARE_BYTES;
    reserve = null;
    idleLeases = 0;
    copiedBytes = 0;
    grewALot = false;
    weighKept();
    MemoryImage image =
        candidate != null && marksAreComplete && candidate.isEqualTo(bytes, dirty, limit)
            ? candidate
            : MemoryImage.of(bytes, limit);
    Arrays.fill(dirty, (byte) 0);
    marksAreComplete = false;
    return image;
  }

  /** Restores an image of this memory: its size, and every byte stored since. */
  void restore(MemoryImage image) {
    marksAreComplete = false;
    idleLeases++;
    if (base != null) {
      returnToBase(base);
    }
    if (idleLeases > MOST_IDLE_LEASES) {
      reserve = null;
    }
    weighKept();
    restoreMarked(new Sized(bytes, dirty), image);
    for (Sized spare : spares) {
      restoreMarked(spare, image);
    }
    if (reserve != null) {
      restoreMarked(reserve, image);
    }
  }

  private void returnToBase(Sized before) {
    var grown = new Sized(bytes, dirty);
    grewALot = copiedTooMuch();
    if (grewALot) {
      spares.clear();
      idleLeases = 0;
      if (reserve == null || reserve.bytes.length < bytes.length) {
        reserve = grown;
      }
    } else {
      keep(grown);
    }
    base = null;
    copiedBytes = 0;
    use(before, before.bytes.length);
  }

  /** Restores the marked blocks, and clears their marks. */
  private static void restoreMarked(Sized array, MemoryImage image) {
    byte[] dirty = array.dirty;
    for (int block = nextMarked(dirty, 0); block >= 0; block = nextMarked(dirty, block + 1)) {
      dirty[block] = 0;
      image.copyTo(array.bytes, block << BLOCK_SHIFT, endOfStores(block, array.bytes.length));
    }
  }

  /** Copies the marked blocks and their marks to an array that is otherwise equal. */
  private void copyMarked(Sized to) {
    for (int block = nextMarked(dirty, 0); block >= 0; block = nextMarked(dirty, block + 1)) {
      to.dirty[block] = MARKED;
      int from = block << BLOCK_SHIFT;
      System.arraycopy(bytes, from, to.bytes, from, endOfStores(block, limit) - from);
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

  /**
   * The bytes in blocks of a part that were written since the image was taken or restored.
   *
   * @param from the part's first byte
   * @param to its end
   */
  long writtenBytes(long from, long to) {
    long bytesWritten = 0;
    long end = Math.min(to, limit);
    int block = from < end ? nextMarked(dirty, (int) (from >>> BLOCK_SHIFT)) : -1;
    while (block >= 0 && (long) block << BLOCK_SHIFT < end) {
      long begin = (long) block << BLOCK_SHIFT;
      bytesWritten += Math.min(begin + BLOCK_BYTES, end) - Math.max(begin, from);
      block = nextMarked(dirty, block + 1);
    }
    return bytesWritten;
  }

  /**
   * Copies of all that may have been written since then, a block each. A block that is as before is
   * not copied again. Most of those are not even compared: their marks have aged since the last
   * call of this method. Of a block that differs in a small part, that part follows the old copy of
   * the block: to write 4 KiB of new memory takes a microsecond.
   *
   * @param before what this method returned last, or nothing
   * @return to be written in this order; null if nothing has changed
   */
  @Nullable List<InstanceState.Block> written(List<InstanceState.Block> before) {
    byte[] marks = dirty;
    List<InstanceState.Block> blocks = new ArrayList<>(before.size() + 2);
    int kept = 0;
    int known = 0;
    // A store across a block's end marks only the block in which it begins.
    int lastStored = -2;
    int block = nextMarked(marks, 0);
    while (block >= 0) {
      int from = block << BLOCK_SHIFT;
      int next = nextMarked(marks, block + 1);
      int to = next == block + 1 ? Math.min(from + BLOCK_BYTES, limit) : endOfStores(block, limit);
      boolean isStored = marks[block] == MARKED;
      boolean mayDiffer = isStored || lastStored == block - 1;
      if (isStored) {
        lastStored = block;
        marks[block] = AGED;
      }
      while (known < before.size() && before.get(known).pointer() < from) {
        known++;
      }
      InstanceState.Block old = known < before.size() ? before.get(known) : null;
      if (old == null || old.pointer() != from || old.bytes().length != to - from) {
        blocks.add(new InstanceState.Block(from, Arrays.copyOfRange(bytes, from, to)));
      } else {
        InstanceState.Block part = known + 1 < before.size() ? before.get(known + 1) : null;
        InstanceState.Block oldPart = part != null && isPart(part) ? part : null;
        InstanceState.Block newPart = mayDiffer ? difference(old, oldPart) : oldPart;
        if (newPart != null && !isPart(newPart)) {
          blocks.add(newPart);
        } else {
          blocks.add(old);
          kept++;
          if (newPart != null) {
            blocks.add(newPart);
            kept += isSame(newPart, oldPart) ? 1 : 0;
          }
        }
      }
      block = next;
    }
    return kept == blocks.size() && kept == before.size() ? null : blocks;
  }

  /** Whether it is a part of the block before it: blocks are longer. */
  private static boolean isPart(InstanceState.Block block) {
    return block.bytes().length <= MAX_PART_BYTES;
  }

  @SuppressWarnings("ReferenceEquality") // the arrays are what costs
  private static boolean isSame(InstanceState.Block one, InstanceState.@Nullable Block other) {
    return one == other;
  }

  /**
   * The part of a block that differs from its copy, or all of it when that is more than half; null
   * if nothing does.
   *
   * @param oldPart returned if it is right
   */
  private InstanceState.@Nullable Block difference(
      InstanceState.Block old, InstanceState.@Nullable Block oldPart) {
    byte[] copy = old.bytes();
    int from = old.pointer();
    int first = Arrays.mismatch(copy, 0, copy.length, bytes, from, from + copy.length);
    if (first < 0) {
      return null;
    }
    int begin = first & -PART_BYTES;
    int end = copy.length;
    for (int at = (end - 1) & -PART_BYTES; at > begin; at -= PART_BYTES) {
      if (!Arrays.equals(copy, at, end, bytes, from + at, from + end)) {
        break;
      }
      end = at;
    }
    if (end - begin > MAX_PART_BYTES) {
      return new InstanceState.Block(from, Arrays.copyOfRange(bytes, from, from + copy.length));
    }
    return oldPart != null
            && oldPart.pointer() == from + begin
            && Arrays.equals(
                oldPart.bytes(), 0, oldPart.bytes().length, bytes, from + begin, from + end)
        ? oldPart
        : new InstanceState.Block(
            from + begin, Arrays.copyOfRange(bytes, from + begin, from + end));
  }

  /** A copy of all bytes, for comparison. */
  byte[] contents() {
    return Arrays.copyOf(bytes, limit);
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
    if (after > maximumPages || !resize(size((int) after))) {
      refusedPages = after;
      return -1;
    }
    return before;
  }

  /** Makes the memory this large, which is not less than before. False if the heap is full. */
  private boolean resize(int wanted) {
    if (wanted == limit) {
      return true;
    }
    if (wanted <= bytes.length) {
      copiedBytes += limit;
      limit = wanted;
      expose();
      return true;
    }
    Sized next = takeSpare(wanted);
    if (next == null) {
      copiedBytes += limit;
      if (grewALot || copiedTooMuch()) {
        next = roomy(wanted);
        accessesUntilExact = wanted / BYTES_AN_ACCESS;
      }
      if (next == null) {
        next = copy(wanted);
      }
      if (next == null) {
        return false;
      }
    }
    var left = new Sized(bytes, dirty);
    if (base == null) {
      base = left;
    } else if (bytes.length == limit) {
      keep(left);
    }
    use(next, wanted);
    weighKept();
    return true;
  }

  /** Whether exact growth would have copied so much that a roomy memory is better. */
  private boolean copiedTooMuch() {
    long smallest = base == null ? limit : base.bytes.length;
    return roomyWhen != RoomyWhen.MUCH_COPIED
        || copiedBytes > Math.max(MOST_COPIED_BYTES, MOST_COPIES * smallest);
  }

  /** A spare of that size has no marks, because a memory only grows within a lease. */
  private @Nullable Sized takeSpare(int size) {
    for (int i = 0; i < spares.size(); i++) {
      if (spares.get(i).bytes.length == size) {
        Sized spare = spares.remove(i);
        copyMarked(spare);
        return spare;
      }
    }
    return null;
  }

  /** An array with these contents and room for more than this size, or null if the heap is full. */
  private @Nullable Sized roomy(int size) {
    Sized kept = reserve;
    reserve = null;
    if (kept != null && kept.bytes.length >= size) {
      copyMarked(kept);
      return kept;
    }
    long most = Math.min((long) maximumPages * PAGE_SIZE, Integer.MAX_VALUE & -PAGE_SIZE);
    return copy((int) Math.min(Math.max(size, 2L * limit), most));
  }

  private @Nullable Sized copy(int length) {
    try {
      return new Sized(Arrays.copyOf(bytes, length), Arrays.copyOf(dirty, dirtyLength(length)));
    } catch (OutOfMemoryError e) {
      return null;
    }
  }

  private void keep(Sized array) {
    long held = array.weight();
    if (held > spareBudget) {
      return;
    }
    for (Sized spare : spares) {
      held += spare.weight();
    }
    while (held > spareBudget) {
      held -= spares.removeFirst().weight();
    }
    spares.add(array);
  }

  private void use(Sized array, int size) {
    bytes = array.bytes;
    dirty = array.dirty;
    limit = size;
    expose();
  }

  /** Gives compiled code the array if its length is the memory's size. */
  private void expose() {
    data = bytes.length == limit && roomyWhen != RoomyWhen.ALWAYS ? bytes : null;
  }

  private void weighKept() {
    long kept = base == null ? 0L : base.weight();
    kept += reserve == null ? 0L : reserve.weight();
    for (Sized spare : spares) {
      kept += spare.weight();
    }
    keptBytes = kept;
  }

  /**
   * Copies the memory to an array of exactly its size, unless the heap is full. Compiled code gets
   * the array when it loads it the next time. Until then it has none, so at no time does it use an
   * array that is not the memory's.
   */
  void becomeExact() {
    accessesUntilExact = Integer.MAX_VALUE;
    if (bytes.length == limit) {
      return;
    }
    Sized exact = copy(limit);
    if (exact != null) {
      reserve = new Sized(bytes, dirty);
      use(exact, limit);
      weighKept();
    }
  }

  // Loads and stores of the host, and of compiled code while the memory is roomy
  // ---------------------

  // Each method has more than the 35 bytes of bytecode that C1 compiles in place. Else C1 would do
  // so
  // in each of compiled code's accesses, and reach its limit.

  @Override
  public byte readByte(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Byte.BYTES, limit)) {
      countOrTrap(addr, Byte.BYTES);
    }
    return bytes[addr];
  }

  @Override
  public short readShort(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Short.BYTES, limit)) {
      countOrTrap(addr, Short.BYTES);
    }
    return ByteArrays.getShort(bytes, addr);
  }

  @Override
  public int readInt(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Integer.BYTES, limit)) {
      countOrTrap(addr, Integer.BYTES);
    }
    return ByteArrays.getInt(bytes, addr);
  }

  @Override
  public long readLong(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Long.BYTES, limit)) {
      countOrTrap(addr, Long.BYTES);
    }
    return ByteArrays.getLong(bytes, addr);
  }

  @Override
  public float readFloat(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Float.BYTES, limit)) {
      countOrTrap(addr, Float.BYTES);
    }
    return ByteArrays.getFloat(bytes, addr);
  }

  @Override
  public double readDouble(int addr) {
    if (--accessesUntilExact < 0 || isOutside(addr, Double.BYTES, limit)) {
      countOrTrap(addr, Double.BYTES);
    }
    return ByteArrays.getDouble(bytes, addr);
  }

  @Override
  public void writeByte(int addr, byte value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Byte.BYTES, limit)) {
      countOrTrap(addr, Byte.BYTES);
    }
    bytes[addr] = value;
    markBlock(addr);
  }

  @Override
  public void writeShort(int addr, short value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Short.BYTES, limit)) {
      countOrTrap(addr, Short.BYTES);
    }
    ByteArrays.setShort(bytes, addr, value);
    markBlock(addr);
  }

  @Override
  public void writeInt(int addr, int value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Integer.BYTES, limit)) {
      countOrTrap(addr, Integer.BYTES);
    }
    ByteArrays.setInt(bytes, addr, value);
    markBlock(addr);
  }

  @Override
  public void writeLong(int addr, long value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Long.BYTES, limit)) {
      countOrTrap(addr, Long.BYTES);
    }
    ByteArrays.setLong(bytes, addr, value);
    markBlock(addr);
  }

  @Override
  public void writeFloat(int addr, float value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Float.BYTES, limit)) {
      countOrTrap(addr, Float.BYTES);
    }
    ByteArrays.setFloat(bytes, addr, value);
    markBlock(addr);
  }

  @Override
  public void writeDouble(int addr, double value) {
    if (--accessesUntilExact < 0 || isOutside(addr, Double.BYTES, limit)) {
      countOrTrap(addr, Double.BYTES);
    }
    ByteArrays.setDouble(bytes, addr, value);
    markBlock(addr);
  }

  /** After many of these accesses the memory becomes exact. */
  private void countOrTrap(int addr, int size) {
    if (accessesUntilExact < 0) {
      becomeExact();
    }
    check(addr, size);
  }

  byte[] readBytes(int addr, int size) {
    check(addr, size);
    return Arrays.copyOfRange(bytes, addr, addr + size);
  }

  /** Copies bytes into an array, which has room. */
  void readBytes(int addr, byte[] into, int at, int size) {
    check(addr, size);
    System.arraycopy(bytes, addr, into, at, size);
  }

  void write(int addr, byte[] content) {
    check(addr, content.length);
    System.arraycopy(content, 0, bytes, addr, content.length);
    mark(addr, content.length);
  }

  // Bulk ----------------------------------------------------------------------------------------

  void fill(int addr, int value, int size) {
    check(addr, size);
    mark(addr, size);
    int end = addr + size;
    for (int from = addr; from < end; ) {
      int to = from + Math.min(end - from, BULK_CHUNK_BYTES);
      Arrays.fill(bytes, from, to, (byte) value);
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
        System.arraycopy(bytes, src + done, bytes, dest + done, part);
        done = afterChunk(done + part);
      }
    } else {
      // Copy from the end, so that no part is overwritten before it is copied.
      for (int left = size; left > 0; ) {
        int part = Math.min(left, BULK_CHUNK_BYTES);
        left = afterChunk(left - part);
        System.arraycopy(bytes, src + left, bytes, dest + left, part);
      }
    }
  }

  /**
   * Copies a part of a data segment.
   *
   * @param segment where the segment is in {@code module}
   * @param offset where the part begins in the segment
   */
  void initialize(int addr, byte[] module, Range segment, int offset, int size) {
    check(addr, size);
    if (isOutside(offset, size, segment.length())) {
      throw outOfBounds(offset, size, segment.length());
    }
    mark(addr, size);
    for (int done = 0; done < size; ) {
      int part = Math.min(size - done, BULK_CHUNK_BYTES);
      System.arraycopy(module, segment.from() + offset + done, bytes, addr + done, part);
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

  /** Marks a store of at most {@link #STRADDLE} bytes more than one. */
  private void markBlock(int addr) {
    dirty[addr >>> BLOCK_SHIFT] = MARKED;
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
