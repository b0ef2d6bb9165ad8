package io.gonext.engine;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Objects;
import jdk.internal.misc.Unsafe;

/**
 * Reads and writes little-endian numbers in byte arrays, at any index. If a number does not fit at
 * an index, the methods throw {@link IndexOutOfBoundsException}. Public only because compiled code
 * has its own class loader, and so its own package. Not for any other use.
 *
 * <p>There are two ways, and HotSpot's C2 makes the same code of both. {@link VarHandle} works in
 * every JVM. The JDK's internal {@code Unsafe} takes a fraction of the time until C2 has compiled
 * the caller, and C2 compiles it sooner. It is used if the JVM exports its package: with {@code
 * --add-exports java.base/jdk.internal.misc=ALL-UNNAMED}, or with {@code Add-Exports:
 * java.base/jdk.internal.misc} in the manifest of the application's jar.
 *
 * <p>Public only because each module has a class loader of its own, with a copy of {@link
 * AccessTemplate}. Not for any other use.
 */
public final class ByteArrays {
  /** Whether the internal class is used. */
  static final boolean IS_UNSAFE =
      Object.class.getModule().isExported("jdk.internal.misc", ByteArrays.class.getModule())
          && Internal.fits();

  private static final long START = IS_UNSAFE ? Unsafe.ARRAY_BYTE_BASE_OFFSET : 0;

  private static final VarHandle SHORT = view(short[].class);
  private static final VarHandle INT = view(int[].class);
  private static final VarHandle LONG = view(long[].class);
  private static final VarHandle FLOAT = view(float[].class);
  private static final VarHandle DOUBLE = view(double[].class);

  private ByteArrays() {}

  /** In a class of its own, which only a JVM that exports the package initializes. */
  private static final class Internal {
    static final Unsafe UNSAFE = Unsafe.getUnsafe();

    private Internal() {}

    /** Whether the machine reads little-endian numbers at any address. */
    static boolean fits() {
      return UNSAFE.unalignedAccess() && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    }
  }

  private static VarHandle view(Class<?> array) {
    return MethodHandles.byteArrayViewVarHandle(array, ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * The offset for {@code Unsafe} of an index.
   *
   * @param more how many bytes the number has in addition to the first
   */
  private static long offset(byte[] bytes, int index, int more) {
    return START + Objects.checkIndex(index, bytes.length - more);
  }

  public static short getShort(byte[] bytes, int index) {
    return IS_UNSAFE
        ? Internal.UNSAFE.getShort(bytes, offset(bytes, index, 1))
        : (short) SHORT.get(bytes, index);
  }

  public static void setShort(byte[] bytes, int index, short value) {
    if (IS_UNSAFE) {
      Internal.UNSAFE.putShort(bytes, offset(bytes, index, 1), value);
    } else {
      SHORT.set(bytes, index, value);
    }
  }

  public static int getInt(byte[] bytes, int index) {
    return IS_UNSAFE
        ? Internal.UNSAFE.getInt(bytes, offset(bytes, index, 3))
        : (int) INT.get(bytes, index);
  }

  public static void setInt(byte[] bytes, int index, int value) {
    if (IS_UNSAFE) {
      Internal.UNSAFE.putInt(bytes, offset(bytes, index, 3), value);
    } else {
      INT.set(bytes, index, value);
    }
  }

  public static long getLong(byte[] bytes, int index) {
    return IS_UNSAFE
        ? Internal.UNSAFE.getLong(bytes, offset(bytes, index, 7))
        : (long) LONG.get(bytes, index);
  }

  public static void setLong(byte[] bytes, int index, long value) {
    if (IS_UNSAFE) {
      Internal.UNSAFE.putLong(bytes, offset(bytes, index, 7), value);
    } else {
      LONG.set(bytes, index, value);
    }
  }

  public static float getFloat(byte[] bytes, int index) {
    return IS_UNSAFE
        ? Internal.UNSAFE.getFloat(bytes, offset(bytes, index, 3))
        : (float) FLOAT.get(bytes, index);
  }

  public static void setFloat(byte[] bytes, int index, float value) {
    if (IS_UNSAFE) {
      Internal.UNSAFE.putFloat(bytes, offset(bytes, index, 3), value);
    } else {
      FLOAT.set(bytes, index, value);
    }
  }

  public static double getDouble(byte[] bytes, int index) {
    return IS_UNSAFE
        ? Internal.UNSAFE.getDouble(bytes, offset(bytes, index, 7))
        : (double) DOUBLE.get(bytes, index);
  }

  public static void setDouble(byte[] bytes, int index, double value) {
    if (IS_UNSAFE) {
      Internal.UNSAFE.putDouble(bytes, offset(bytes, index, 7), value);
    } else {
      DOUBLE.set(bytes, index, value);
    }
  }
}
