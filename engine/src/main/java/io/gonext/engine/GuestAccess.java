package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import run.endive.runtime.Memory;

/**
 * What compiled guest code reaches its linear memory by: see {@link AccessInliner}. Public only
 * because that code is in a class loader, and so a package, of its own; not for anyone else.
 */
public final class GuestAccess {
  public static final VarHandle SHORT = view(short[].class);
  public static final VarHandle INT = view(int[].class);
  public static final VarHandle LONG = view(long[].class);
  public static final VarHandle FLOAT = view(float[].class);
  public static final VarHandle DOUBLE = view(double[].class);

  private GuestAccess() {}

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  /** The array that a memory's bytes are in, until it grows. */
  public static byte[] bytes(Memory memory) {
    return ((LinearMemory) memory).data;
  }

  /** The marks of a memory's blocks, until it grows. */
  public static byte[] marks(Memory memory) {
    return ((LinearMemory) memory).dirty;
  }

  /** A memory's size in bytes, until it grows. */
  public static int limit(Memory memory) {
    return ((LinearMemory) memory).sizeBytes();
  }
}
