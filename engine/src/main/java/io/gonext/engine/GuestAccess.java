package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * How compiled code accesses its linear memory. Public only because that code has its own class
 * loader, and so its own package. Not for any other use.
 *
 * <p>Compiled code holds {@link #data} and {@link #dirty} in JVM locals. It loads them again after
 * whatever may call {@link LinearMemory#grow}: a call, {@code memory.grow}. Between two loads it
 * holds either the array of exactly the memory's size, whose index check is the bounds check, or
 * null. With null, the memory does the access.
 *
 * <p>An address is the guest's 32-bit address. An address of 2^31 or more is negative here, and out
 * of bounds, because an array is shorter; so is one that an offset makes too large. The methods are
 * short, so that HotSpot's C1 compiles them in place too: at most {@value #MOST_BYTECODE} bytes of
 * bytecode, and at most {@value #MOST_SLOTS} slots of operands and locals together.
 */
public abstract sealed class GuestAccess permits LinearMemory {
  /** HotSpot's {@code C1MaxInlineSize} and {@code MaxInlineSize}. */
  static final int MOST_BYTECODE = 35;

  /** HotSpot's {@code C1InlineStackLimit}. */
  static final int MOST_SLOTS = 10;

  /** The memory's bytes if they are an array of exactly the memory's size, else null. */
  public byte @Nullable [] data;

  /** One byte for each block of the memory's array. */
  public byte[] dirty;

  GuestAccess(byte[] dirty) {
    this.dirty = dirty;
  }

  /** The address with an offset, or a negative number. */
  public static int at(int base, int offset) {
    return base < 0 ? -1 : base + offset;
  }

  public static byte readByte(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readByte(address) : data[address];
  }

  public static byte readByte(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readByte(at(base, offset)) : data[at(base, offset)];
  }

  public static void writeByte(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeByte(address, (byte) value);
      return;
    }
    data[address] = (byte) value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeByte(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeByte(at(base, offset), (byte) value);
    } else {
      putByte(at(base, offset), value, data, dirty);
    }
  }

  private static void putByte(int address, int value, byte[] data, byte[] dirty) {
    data[address] = (byte) value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static short readShort(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readShort(address) : ByteArrays.getShort(data, address);
  }

  public static short readShort(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.linear().readShort(at(base, offset))
        : ByteArrays.getShort(data, at(base, offset));
  }

  public static void writeShort(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeShort(address, (short) value);
      return;
    }
    ByteArrays.setShort(data, address, (short) value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeShort(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeShort(at(base, offset), (short) value);
    } else {
      putShort(at(base, offset), value, data, dirty);
    }
  }

  private static void putShort(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setShort(data, address, (short) value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static int readInt(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readInt(address) : ByteArrays.getInt(data, address);
  }

  public static int readInt(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.linear().readInt(at(base, offset))
        : ByteArrays.getInt(data, at(base, offset));
  }

  public static void writeInt(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeInt(address, value);
      return;
    }
    ByteArrays.setInt(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeInt(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeInt(at(base, offset), value);
    } else {
      putInt(at(base, offset), value, data, dirty);
    }
  }

  private static void putInt(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setInt(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static long readLong(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readLong(address) : ByteArrays.getLong(data, address);
  }

  public static long readLong(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.linear().readLong(at(base, offset))
        : ByteArrays.getLong(data, at(base, offset));
  }

  public static void writeLong(
      int address, long value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeLong(address, value);
      return;
    }
    ByteArrays.setLong(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static float readFloat(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readFloat(address) : ByteArrays.getFloat(data, address);
  }

  public static float readFloat(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.linear().readFloat(at(base, offset))
        : ByteArrays.getFloat(data, at(base, offset));
  }

  public static void writeFloat(
      int address, float value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeFloat(address, value);
      return;
    }
    ByteArrays.setFloat(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeFloat(
      int base, float value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeFloat(at(base, offset), value);
    } else {
      putFloat(at(base, offset), value, data, dirty);
    }
  }

  private static void putFloat(int address, float value, byte[] data, byte[] dirty) {
    ByteArrays.setFloat(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static double readDouble(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.linear().readDouble(address) : ByteArrays.getDouble(data, address);
  }

  public static double readDouble(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.linear().readDouble(at(base, offset))
        : ByteArrays.getDouble(data, at(base, offset));
  }

  public static void writeDouble(
      int address, double value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.linear().writeDouble(address, value);
      return;
    }
    ByteArrays.setDouble(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }
}
