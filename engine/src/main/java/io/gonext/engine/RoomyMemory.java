package io.gonext.engine;

import java.util.Arrays;
import java.util.Objects;
import run.endive.wasm.types.MemoryLimits;

/**
 * A linear memory whose array is up to twice as long as the memory. Growth copies each byte a
 * bounded number of times, and nothing in later leases. But the bounds need a check in addition to
 * the JVM's index check, which makes some guest code half as fast. For modules whose instances grow
 * a lot: see {@link CompiledModule}.
 */
final class RoomyMemory extends LinearMemory {
  /** The first addresses at which an access of 1, 2, 4 or 8 bytes is out of bounds. */
  private int limit1;

  private int limit2;
  private int limit4;
  private int limit8;

  RoomyMemory(MemoryLimits limits, int capPages) {
    super(limits, capPages);
    setLimit(sizeBytes());
  }

  @Override
  void setLimit(int bytes) {
    super.setLimit(bytes);
    limit1 = bytes;
    limit2 = Math.max(0, bytes - 1);
    limit4 = Math.max(0, bytes - 3);
    limit8 = Math.max(0, bytes - 7);
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

  @Override
  public byte read(int addr) {
    try {
      return data[Objects.checkIndex(addr, limit1)];
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 1);
    }
  }

  @Override
  public short readShort(int addr) {
    try {
      return (short) SHORT.get(data, Objects.checkIndex(addr, limit2));
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 2);
    }
  }

  @Override
  public long readU16(int addr) {
    return Short.toUnsignedLong(readShort(addr));
  }

  @Override
  public int readInt(int addr) {
    try {
      return (int) INT.get(data, Objects.checkIndex(addr, limit4));
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public long readLong(int addr) {
    try {
      return (long) LONG.get(data, Objects.checkIndex(addr, limit8));
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }

  @Override
  public float readFloat(int addr) {
    try {
      return (float) FLOAT.get(data, Objects.checkIndex(addr, limit4));
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public long readF32(int addr) {
    return readInt(addr);
  }

  @Override
  public double readDouble(int addr) {
    try {
      return (double) DOUBLE.get(data, Objects.checkIndex(addr, limit8));
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }

  @Override
  public long readF64(int addr) {
    return readLong(addr);
  }

  @Override
  public void writeByte(int addr, byte value) {
    try {
      data[Objects.checkIndex(addr, limit1)] = value;
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 1);
    }
  }

  @Override
  public void writeShort(int addr, short value) {
    try {
      SHORT.set(data, Objects.checkIndex(addr, limit2), value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 2);
    }
  }

  @Override
  public void writeI32(int addr, int value) {
    try {
      INT.set(data, Objects.checkIndex(addr, limit4), value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public void writeLong(int addr, long value) {
    try {
      LONG.set(data, Objects.checkIndex(addr, limit8), value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }

  @Override
  public void writeF32(int addr, float value) {
    try {
      FLOAT.set(data, Objects.checkIndex(addr, limit4), value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public void writeF64(int addr, double value) {
    try {
      DOUBLE.set(data, Objects.checkIndex(addr, limit8), value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }
}
