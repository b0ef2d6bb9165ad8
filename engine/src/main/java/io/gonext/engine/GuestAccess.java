package io.gonext.engine;

import io.gonext.engine.bytecode.AccessInliner;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * What compiled guest code reaches its linear memory by: see {@link AccessInliner}. Public only
 * because that code is in a class loader, and so a package, of its own; not for anyone else.
 *
 * <p>The methods are for functions of so many accesses that the JIT could not compile them with all
 * in place. They are for an {@link ExactMemory}; the array's length is its size. Each is longer
 * than the 35 bytes up to which HotSpot's C1 inlines a method: C1 leaves them calls, while C2
 * inlines what is called often. That is what the comparisons with both 0 and the length are for,
 * which the access itself makes again.
 */
public abstract sealed class GuestAccess permits LinearMemory {
  public static final VarHandle SHORT = view(short[].class);
  public static final VarHandle INT = view(int[].class);
  public static final VarHandle LONG = view(long[].class);
  public static final VarHandle FLOAT = view(float[].class);
  public static final VarHandle DOUBLE = view(double[].class);

  /** The memory's bytes. Another array after it grew. */
  public byte[] data;

  /** One byte a block of {@code data}; at least as long as {@code data} has blocks. */
  public byte[] dirty;

  /** The size in bytes. */
  public int limit;

  GuestAccess(byte[] data, byte[] dirty) {
    this.data = data;
    this.dirty = dirty;
    this.limit = data.length;
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  public static byte readByte(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return data[address];
  }

  public static short readShort(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return (short) SHORT.get(data, address);
  }

  public static int readInt(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return (int) INT.get(data, address);
  }

  public static long readLong(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return (long) LONG.get(data, address);
  }

  public static float readFloat(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return (float) FLOAT.get(data, address);
  }

  public static double readDouble(int base, int offset, byte[] data) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    return (double) DOUBLE.get(data, address);
  }

  public static void writeByte(int base, byte value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    data[address] = value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeShort(int base, short value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    SHORT.set(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeInt(int base, int value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    INT.set(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeLong(int base, long value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    LONG.set(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeFloat(int base, float value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    FLOAT.set(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeDouble(int base, double value, int offset, byte[] data, byte[] dirty) {
    int address = base + offset;
    if (base < 0 || address < 0 || address >= data.length) {
      throw new IndexOutOfBoundsException(address);
    }
    DOUBLE.set(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }
}
