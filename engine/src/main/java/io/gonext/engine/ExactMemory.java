package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.MemoryType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A linear memory whose array has exactly the memory's size, so that the JVM's index check is the
 * bounds check. This is the fastest kind. But the first growth to a new size copies everything, so
 * a guest that grows page by page takes quadratic time: see {@link RoomyMemory}.
 *
 * <p>A lease that grows to the same sizes as an earlier lease copies only the blocks that it stored
 * to. The memory keeps the array of the snapshot's size while it is larger. For later leases it
 * keeps the most recently used larger arrays, up to {@link #SPARE_BYTES} more than the snapshot's
 * size.
 *
 * <p>Invariant after the snapshot: except for its marked blocks, each kept array holds the snapshot
 * and then zeros.
 */
final class ExactMemory extends LinearMemory {
  /** The most bytes of kept arrays, in addition to the snapshot's size. */
  private static final int SPARE_BYTES = 2 << 20;

  /** If growth copies more than this in one lease, another kind of memory is better. */
  private static final long MOST_COPIED_BYTES = 64L << 20;

  /** An array of some size and its marks. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Sized(byte[] data, byte[] dirty) {
    int bytes() {
      return data.length + dirty.length;
    }
  }

  /**
   * The array of the snapshot's size and its marks from before the growth. Null if the memory has
   * not grown.
   */
  private @Nullable Sized base;

  /** Larger arrays, the most recently used one last. */
  private final List<Sized> spares = new ArrayList<>();

  /** The most bytes of {@code spares}; 0 before the snapshot. */
  private long spareBudget;

  /** The heap bytes of {@code base} and {@code spares}. Any thread may read this. */
  private volatile long keptBytes;

  /** How many bytes growth has copied in this lease. */
  private long copiedBytes;

  ExactMemory(MemoryType declared, int capPages) {
    super(declared, capPages);
  }

  @Override
  boolean reserve(int wanted) {
    if (wanted == data.length) {
      return true;
    }
    Sized next = takeSpare(wanted);
    if (next == null) {
      try {
        next = new Sized(Arrays.copyOf(data, wanted), Arrays.copyOf(dirty, dirtyLength(wanted)));
      } catch (OutOfMemoryError e) {
        return false;
      }
      copiedBytes += data.length;
    } else {
      copyMarked(data, dirty, next.data, next.dirty);
    }
    var left = new Sized(data, dirty);
    if (base == null) {
      base = left;
    } else {
      keep(left);
    }
    use(next);
    return true;
  }

  /** A spare of that size has no marks, because a memory only grows within a lease. */
  private @Nullable Sized takeSpare(int bytes) {
    for (int i = 0; i < spares.size(); i++) {
      if (spares.get(i).data.length == bytes) {
        return spares.remove(i);
      }
    }
    return null;
  }

  private void keep(Sized array) {
    long held = array.bytes();
    if (held > spareBudget) {
      return;
    }
    for (Sized spare : spares) {
      held += spare.bytes();
    }
    while (held > spareBudget) {
      held -= spares.removeFirst().bytes();
    }
    spares.add(array);
  }

  private void use(Sized array) {
    data = array.data;
    dirty = array.dirty;
    weighKept();
  }

  private void weighKept() {
    long kept = base == null ? 0 : base.bytes();
    for (Sized spare : spares) {
      kept += spare.bytes();
    }
    keptBytes = kept;
  }

  @Override
  MemoryImage takeImage(@Nullable MemoryImage candidate) {
    base = null;
    spares.clear();
    spareBudget = (long) data.length + SPARE_BYTES;
    weighKept();
    return super.takeImage(candidate);
  }

  @Override
  void restore(MemoryImage image) {
    Sized before = base;
    if (before != null) {
      keep(new Sized(data, dirty));
      base = null;
      use(before);
      limit = data.length;
    }
    super.restore(image);
    for (Sized spare : spares) {
      restoreMarked(spare.data, spare.dirty, spare.data.length, image);
    }
    copiedBytes = 0;
  }

  @Override
  long weightBytes() {
    return super.weightBytes() + keptBytes;
  }

  /** More than a lease should copy, and more than one growth from the snapshot's size copies. */
  @Override
  boolean outgrewItsKind() {
    long smallest = base == null ? data.length : base.data.length;
    return copiedBytes > Math.max(MOST_COPIED_BYTES, 4 * smallest);
  }
}
