package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * A linear memory as compiled code sees it. Public only because that code has its own class loader,
 * and so its own package. Not for any other use.
 *
 * <p>Compiled code holds {@link #data} and {@link #dirty} in JVM locals. It loads them again after
 * whatever may call {@link LinearMemory#grow}: a call, {@code memory.grow}. Between two loads it
 * holds either the array of exactly the memory's size, whose index check is the bounds check, or
 * null. With null it calls the methods here.
 */
public abstract sealed class GuestAccess permits LinearMemory {
  /** The memory's bytes if they are an array of exactly the memory's size, else null. */
  public byte @Nullable [] data;

  /** One byte for each block of the memory's array. */
  public byte[] dirty;

  GuestAccess(byte[] dirty) {
    this.dirty = dirty;
  }

  public abstract byte readByte(int address);

  public abstract short readShort(int address);

  public abstract int readInt(int address);

  public abstract long readLong(int address);

  public abstract float readFloat(int address);

  public abstract double readDouble(int address);

  public abstract void writeByte(int address, byte value);

  public abstract void writeShort(int address, short value);

  public abstract void writeInt(int address, int value);

  public abstract void writeLong(int address, long value);

  public abstract void writeFloat(int address, float value);

  public abstract void writeDouble(int address, double value);
}
