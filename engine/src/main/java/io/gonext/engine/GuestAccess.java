package io.gonext.engine;

import io.gonext.engine.bytecode.AccessInliner;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * How compiled guest code accesses its linear memory: see {@link AccessInliner}. Public only
 * because that code has its own class loader, and so its own package. Not for any other use.
 *
 * <p>The methods are for functions with so many accesses that the JIT could not compile them if all
 * were in place. They need an {@link ExactMemory}, whose array has the memory's size. HotSpot's C1
 * inlines methods of up to 35 bytes, so each method is longer: C1 keeps the call, and C2 inlines it
 * where it is hot. The methods compare the index with 0 and with the length only to be long enough;
 * the access repeats the check.
 */
public abstract sealed class GuestAccess permits LinearMemory {
  public static final VarHandle SHORT = view(short[].class);
  public static final VarHandle INT = view(int[].class);
  public static final VarHandle LONG = view(long[].class);
  public static final VarHandle FLOAT = view(float[].class);
  public static final VarHandle DOUBLE = view(double[].class);

  /** The memory's bytes. Growth replaces the array. */
  public byte[] data;

  /** One byte for each block of {@code data}. May be longer than that. */
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
