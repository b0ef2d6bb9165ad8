package io.gonext.engine;

import io.gonext.engine.ModuleDefinition.MemoryType;
import java.util.Arrays;

/**
 * A linear memory whose array is up to twice as long as the memory. Growth copies each byte a
 * bounded number of times, and nothing in later leases. But the bounds need a check in addition to
 * the JVM's index check, which makes some guest code half as fast. For modules whose instances grow
 * a lot: see {@link CompiledModule}.
 */
final class RoomyMemory extends LinearMemory {
  RoomyMemory(MemoryType declared, int capPages) {
    super(declared, capPages);
  }

  @Override
  boolean reserve(int wanted) {
    if (wanted <= data.length) {
      return true;
    }
    long doubled = Math.min(2L * data.length, (long) maximumPages() * PAGE_SIZE);
    int capacity = Math.max(wanted, (int) Math.min(doubled, Integer.MAX_VALUE & -PAGE_SIZE));
    try {
      byte[] grown = Arrays.copyOf(data, capacity);
      dirty = Arrays.copyOf(dirty, dirtyLength(capacity));
      data = grown;
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  @Override
  boolean outgrewItsKind() {
    return false;
  }
}
