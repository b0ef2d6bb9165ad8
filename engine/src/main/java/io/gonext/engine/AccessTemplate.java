package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * The loads and stores of compiled code. Public only because that code has its own class loader,
 * and so its own package. Not for any other use.
 *
 * <p>{@link GuestClassLoader} makes a copy of this class for each module. So the JIT's profile of
 * these methods is the module's own, and a module whose memory is roomy slows down no other module.
 *
 * <p>The array is null while the memory is roomy: see {@link GuestAccess#data}. HotSpot's C2 needs
 * no instruction to find out that it is not, because it has to check for null anyway.
 *
 * <p>An address is the guest's 32-bit address. An address of 2^31 or more is negative here, and out
 * of bounds, because an array is shorter; so is one that an offset makes too large. The methods are
 * short, so that HotSpot's C1 compiles them in place too: at most {@value #MOST_BYTECODE} bytes of
 * bytecode, and at most {@value #MOST_SLOTS} slots of operands and locals together.
 */
public final class AccessTemplate {
  /** HotSpot's {@code C1MaxInlineSize} and {@code MaxInlineSize}. */
  static final int MOST_BYTECODE = 35;

  /** HotSpot's {@code C1InlineStackLimit}. */
  static final int MOST_SLOTS = 10;

  private AccessTemplate() {}

  /** The address with an offset, or a negative number. */
  public static int at(int base, int offset) {
    return base < 0 ? -1 : base + offset;
  }

  public static byte readByte(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readByte(address) : data[address];
  }

  public static byte readByte(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readByte(at(base, offset)) : data[at(base, offset)];
  }

  public static void writeByte(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeByte(address, (byte) value);
      return;
    }
    data[address] = (byte) value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeByte(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeByte(at(base, offset), (byte) value);
    } else {
      putByte(at(base, offset), value, data, dirty);
    }
  }

  private static void putByte(int address, int value, byte[] data, byte[] dirty) {
    data[address] = (byte) value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static short readShort(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readShort(address) : ByteArrays.getShort(data, address);
  }

  public static short readShort(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.memory.readShort(at(base, offset))
        : ByteArrays.getShort(data, at(base, offset));
  }

  public static void writeShort(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeShort(address, (short) value);
      return;
    }
    ByteArrays.setShort(data, address, (short) value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeShort(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeShort(at(base, offset), (short) value);
    } else {
      putShort(at(base, offset), value, data, dirty);
    }
  }

  private static void putShort(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setShort(data, address, (short) value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static int readInt(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readInt(address) : ByteArrays.getInt(data, address);
  }

  public static int readInt(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.memory.readInt(at(base, offset))
        : ByteArrays.getInt(data, at(base, offset));
  }

  public static void writeInt(
      int address, int value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeInt(address, value);
      return;
    }
    ByteArrays.setInt(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeInt(
      int base, int value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeInt(at(base, offset), value);
    } else {
      putInt(at(base, offset), value, data, dirty);
    }
  }

  private static void putInt(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setInt(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static long readLong(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readLong(address) : ByteArrays.getLong(data, address);
  }

  public static long readLong(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.memory.readLong(at(base, offset))
        : ByteArrays.getLong(data, at(base, offset));
  }

  public static void writeLong(
      int address, long value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeLong(address, value);
      return;
    }
    ByteArrays.setLong(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static float readFloat(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readFloat(address) : ByteArrays.getFloat(data, address);
  }

  public static float readFloat(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.memory.readFloat(at(base, offset))
        : ByteArrays.getFloat(data, at(base, offset));
  }

  public static void writeFloat(
      int address, float value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeFloat(address, value);
      return;
    }
    ByteArrays.setFloat(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeFloat(
      int base, float value, int offset, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeFloat(at(base, offset), value);
    } else {
      putFloat(at(base, offset), value, data, dirty);
    }
  }

  private static void putFloat(int address, float value, byte[] data, byte[] dirty) {
    ByteArrays.setFloat(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static double readDouble(int address, byte @Nullable [] data, GuestCode code) {
    return data == null ? code.memory.readDouble(address) : ByteArrays.getDouble(data, address);
  }

  public static double readDouble(int base, int offset, byte @Nullable [] data, GuestCode code) {
    return data == null
        ? code.memory.readDouble(at(base, offset))
        : ByteArrays.getDouble(data, at(base, offset));
  }

  public static void writeDouble(
      int address, double value, byte @Nullable [] data, byte[] dirty, GuestCode code) {
    if (data == null) {
      code.memory.writeDouble(address, value);
      return;
    }
    ByteArrays.setDouble(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }
}
