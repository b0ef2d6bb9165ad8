package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import run.endive.wasm.types.MemoryLimits;

/**
 * A linear memory whose array is exactly as long as the memory is large, so that the JVM's own
 * check of the index is the check of the bounds. The fastest there is; but each growth copies
 * everything, which a guest that grows page by page pays for with a quadratic time: see {@link
 * RoomyMemory}.
 *
 * <p>The array of the snapshot's size is kept while the memory is larger, so that a reset need not
 * allocate or copy more than the blocks that were written before the memory grew.
 */
final class ExactMemory extends LinearMemory {
  private static final VarHandle SHORT =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INT =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle LONG =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle FLOAT =
      MethodHandles.byteArrayViewVarHandle(float[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle DOUBLE =
      MethodHandles.byteArrayViewVarHandle(double[].class, ByteOrder.LITTLE_ENDIAN);

  /** The array of the snapshot's size and its marks from before the growth; null if not grown. */
  private byte @Nullable [] base;

  private byte[] baseDirty = {};

  /** How much growing has copied over this memory's life, in bytes. */
  private long copiedBytes;

  ExactMemory(MemoryLimits limits, int capPages) {
    super(limits, capPages);
  }

  @Override
  boolean reserve(int wanted) {
    if (wanted == data.length) {
      return true;
    }
    try {
      byte[] grown = Arrays.copyOf(data, wanted);
      byte[] grownDirty = Arrays.copyOf(dirty, dirtyLength(wanted));
      if (base == null) {
        base = data;
        baseDirty = dirty;
      }
      copiedBytes += data.length;
      data = grown;
      dirty = grownDirty;
      return true;
    } catch (OutOfMemoryError e) {
      return false;
    }
  }

  @Override
  MemoryImage takeImage(@Nullable MemoryImage candidate) {
    base = null;
    return super.takeImage(candidate);
  }

  @Override
  void restore(MemoryImage image) {
    if (base != null) {
      data = base;
      dirty = baseDirty;
      base = null;
      setLimit(data.length);
    }
    super.restore(image);
  }

  @Override
  long weightBytes() {
    return super.weightBytes() + (base == null ? 0 : base.length + baseDirty.length);
  }

  @Override
  long copiedBytes() {
    return copiedBytes;
  }

  @Override
  public byte read(int addr) {
    try {
      return data[addr];
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 1);
    }
  }

  @Override
  public short readShort(int addr) {
    try {
      return (short) SHORT.get(data, addr);
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
      return (int) INT.get(data, addr);
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public long readLong(int addr) {
    try {
      return (long) LONG.get(data, addr);
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }

  @Override
  public float readFloat(int addr) {
    try {
      return (float) FLOAT.get(data, addr);
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
      return (double) DOUBLE.get(data, addr);
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
      data[addr] = value;
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 1);
    }
  }

  @Override
  public void writeShort(int addr, short value) {
    try {
      SHORT.set(data, addr, value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 2);
    }
  }

  @Override
  public void writeI32(int addr, int value) {
    try {
      INT.set(data, addr, value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public void writeLong(int addr, long value) {
    try {
      LONG.set(data, addr, value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }

  @Override
  public void writeF32(int addr, float value) {
    try {
      FLOAT.set(data, addr, value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 4);
    }
  }

  @Override
  public void writeF64(int addr, double value) {
    try {
      DOUBLE.set(data, addr, value);
      dirty[addr >>> BLOCK_SHIFT] = MARKED;
    } catch (IndexOutOfBoundsException e) {
      throw outOfBounds(addr, 8);
    }
  }
}
