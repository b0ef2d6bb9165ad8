package io.gonext.engine;

/**
 * How compiled code accesses its linear memory. Public only because that code has its own class
 * loader, and so its own package. Not for any other use.
 *
 * <p>An address is the guest's 32-bit address. An address of 2^31 or more is negative here, and out
 * of bounds, because an array is shorter; so is one that an offset makes too large. The methods
 * without a limit are for an array of the memory's size. The methods are short, so that HotSpot's
 * C1 compiles them in place too: at most 35 bytes of bytecode.
 */
public abstract sealed class GuestAccess permits LinearMemory {
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

  /** The address with an offset, or a negative number. */
  private static int at(int base, int offset) {
    return base < 0 ? -1 : base + offset;
  }

  /** The same address, if the access is within the memory's size. */
  private static int within(int address, int bytes, int limit) {
    if (address < 0 || address > limit - bytes) {
      throw new IndexOutOfBoundsException(address);
    }
    return address;
  }

  public static byte readByte(int address, byte[] data) {
    return data[address];
  }

  public static byte readByte(int base, int offset, byte[] data) {
    return data[at(base, offset)];
  }

  public static byte readByte(int address, byte[] data, int limit) {
    return data[within(address, 1, limit)];
  }

  public static byte readByte(int base, int offset, byte[] data, int limit) {
    return data[within(at(base, offset), 1, limit)];
  }

  public static short readShort(int address, byte[] data) {
    return ByteArrays.getShort(data, address);
  }

  public static short readShort(int base, int offset, byte[] data) {
    return ByteArrays.getShort(data, at(base, offset));
  }

  public static short readShort(int address, byte[] data, int limit) {
    return ByteArrays.getShort(data, within(address, 2, limit));
  }

  public static short readShort(int base, int offset, byte[] data, int limit) {
    return ByteArrays.getShort(data, within(at(base, offset), 2, limit));
  }

  public static int readInt(int address, byte[] data) {
    return ByteArrays.getInt(data, address);
  }

  public static int readInt(int base, int offset, byte[] data) {
    return ByteArrays.getInt(data, at(base, offset));
  }

  public static int readInt(int address, byte[] data, int limit) {
    return ByteArrays.getInt(data, within(address, 4, limit));
  }

  public static int readInt(int base, int offset, byte[] data, int limit) {
    return ByteArrays.getInt(data, within(at(base, offset), 4, limit));
  }

  public static long readLong(int address, byte[] data) {
    return ByteArrays.getLong(data, address);
  }

  public static long readLong(int base, int offset, byte[] data) {
    return ByteArrays.getLong(data, at(base, offset));
  }

  public static long readLong(int address, byte[] data, int limit) {
    return ByteArrays.getLong(data, within(address, 8, limit));
  }

  public static long readLong(int base, int offset, byte[] data, int limit) {
    return ByteArrays.getLong(data, within(at(base, offset), 8, limit));
  }

  public static float readFloat(int address, byte[] data) {
    return ByteArrays.getFloat(data, address);
  }

  public static float readFloat(int base, int offset, byte[] data) {
    return ByteArrays.getFloat(data, at(base, offset));
  }

  public static float readFloat(int address, byte[] data, int limit) {
    return ByteArrays.getFloat(data, within(address, 4, limit));
  }

  public static float readFloat(int base, int offset, byte[] data, int limit) {
    return ByteArrays.getFloat(data, within(at(base, offset), 4, limit));
  }

  public static double readDouble(int address, byte[] data) {
    return ByteArrays.getDouble(data, address);
  }

  public static double readDouble(int base, int offset, byte[] data) {
    return ByteArrays.getDouble(data, at(base, offset));
  }

  public static double readDouble(int address, byte[] data, int limit) {
    return ByteArrays.getDouble(data, within(address, 8, limit));
  }

  public static double readDouble(int base, int offset, byte[] data, int limit) {
    return ByteArrays.getDouble(data, within(at(base, offset), 8, limit));
  }

  public static void writeByte(int address, int value, byte[] data, byte[] dirty) {
    data[address] = (byte) value;
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeByte(int base, int value, int offset, byte[] data, byte[] dirty) {
    writeByte(at(base, offset), value, data, dirty);
  }

  public static void writeByte(int address, int value, byte[] data, byte[] dirty, int limit) {
    writeByte(within(address, 1, limit), value, data, dirty);
  }

  public static void writeByte(
      int base, int value, int offset, byte[] data, byte[] dirty, int limit) {
    writeByte(within(at(base, offset), 1, limit), value, data, dirty);
  }

  public static void writeShort(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setShort(data, address, (short) value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeShort(int base, int value, int offset, byte[] data, byte[] dirty) {
    writeShort(at(base, offset), value, data, dirty);
  }

  public static void writeShort(int address, int value, byte[] data, byte[] dirty, int limit) {
    writeShort(within(address, 2, limit), value, data, dirty);
  }

  public static void writeShort(
      int base, int value, int offset, byte[] data, byte[] dirty, int limit) {
    writeShort(within(at(base, offset), 2, limit), value, data, dirty);
  }

  public static void writeInt(int address, int value, byte[] data, byte[] dirty) {
    ByteArrays.setInt(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeInt(int base, int value, int offset, byte[] data, byte[] dirty) {
    writeInt(at(base, offset), value, data, dirty);
  }

  public static void writeInt(int address, int value, byte[] data, byte[] dirty, int limit) {
    writeInt(within(address, 4, limit), value, data, dirty);
  }

  public static void writeInt(
      int base, int value, int offset, byte[] data, byte[] dirty, int limit) {
    writeInt(within(at(base, offset), 4, limit), value, data, dirty);
  }

  public static void writeLong(int address, long value, byte[] data, byte[] dirty) {
    ByteArrays.setLong(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeLong(int base, long value, int offset, byte[] data, byte[] dirty) {
    writeLong(at(base, offset), value, data, dirty);
  }

  public static void writeLong(int address, long value, byte[] data, byte[] dirty, int limit) {
    writeLong(within(address, 8, limit), value, data, dirty);
  }

  public static void writeLong(
      int base, long value, int offset, byte[] data, byte[] dirty, int limit) {
    writeLong(within(at(base, offset), 8, limit), value, data, dirty);
  }

  public static void writeFloat(int address, float value, byte[] data, byte[] dirty) {
    ByteArrays.setFloat(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeFloat(int base, float value, int offset, byte[] data, byte[] dirty) {
    writeFloat(at(base, offset), value, data, dirty);
  }

  public static void writeFloat(int address, float value, byte[] data, byte[] dirty, int limit) {
    writeFloat(within(address, 4, limit), value, data, dirty);
  }

  public static void writeFloat(
      int base, float value, int offset, byte[] data, byte[] dirty, int limit) {
    writeFloat(within(at(base, offset), 4, limit), value, data, dirty);
  }

  public static void writeDouble(int address, double value, byte[] data, byte[] dirty) {
    ByteArrays.setDouble(data, address, value);
    dirty[address >>> LinearMemory.BLOCK_SHIFT] = LinearMemory.MARKED;
  }

  public static void writeDouble(int base, double value, int offset, byte[] data, byte[] dirty) {
    writeDouble(at(base, offset), value, data, dirty);
  }

  public static void writeDouble(int address, double value, byte[] data, byte[] dirty, int limit) {
    writeDouble(within(address, 8, limit), value, data, dirty);
  }

  public static void writeDouble(
      int base, double value, int offset, byte[] data, byte[] dirty, int limit) {
    writeDouble(within(at(base, offset), 8, limit), value, data, dirty);
  }
}
