package io.gonext.engine;

/**
 * Numeric instructions that the JVM has no equal of, for compiled code. Public only because
 * compiled code has its own class loader.
 *
 * <p>Source: WebAssembly Core Specification 2.0, chapter 4.3 (numerics).
 */
public final class GuestNumbers {
  private static final String OVERFLOW = "integer overflow";

  /** 2^31, 2^32, 2^63 and 2^64. */
  private static final double TWO_31 = 0x1p31;

  private static final double TWO_32 = 0x1p32;
  private static final double TWO_63 = 0x1p63;
  private static final double TWO_64 = 0x1p64;

  private GuestNumbers() {}

  private static TrapSignal trap(String text) {
    return new TrapSignal(new TrapCause.Division(text));
  }

  public static int divide(int one, int other) {
    if (other == -1 && one == Integer.MIN_VALUE) {
      throw trap(OVERFLOW);
    }
    return one / other;
  }

  public static long divide(long one, long other) {
    if (other == -1 && one == Long.MIN_VALUE) {
      throw trap(OVERFLOW);
    }
    return one / other;
  }

  public static float abs(float value) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) & Integer.MAX_VALUE);
  }

  public static double abs(double value) {
    return Double.longBitsToDouble(Double.doubleToRawLongBits(value) & Long.MAX_VALUE);
  }

  public static float negate(float value) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) ^ Integer.MIN_VALUE);
  }

  public static double negate(double value) {
    return Double.longBitsToDouble(Double.doubleToRawLongBits(value) ^ Long.MIN_VALUE);
  }

  public static float copySign(float magnitude, float sign) {
    return Float.intBitsToFloat(
        (Float.floatToRawIntBits(magnitude) & Integer.MAX_VALUE)
            | (Float.floatToRawIntBits(sign) & Integer.MIN_VALUE));
  }

  public static double copySign(double magnitude, double sign) {
    return Double.longBitsToDouble(
        (Double.doubleToRawLongBits(magnitude) & Long.MAX_VALUE)
            | (Double.doubleToRawLongBits(sign) & Long.MIN_VALUE));
  }

  /**
   * The same number. A NaN becomes the positive one with the payload 0x400000: which NaN an
   * instruction of the JVM returns depends on the compiler that the method has reached.
   */
  public static float canonical(float value) {
    return Float.isNaN(value) ? Float.NaN : value;
  }

  /** As above, with the payload 0x8000000000000. */
  public static double canonical(double value) {
    return Double.isNaN(value) ? Double.NaN : value;
  }

  public static float ceil(float value) {
    return (float) Math.ceil(value);
  }

  public static double ceil(double value) {
    return Math.ceil(value);
  }

  public static float floor(float value) {
    return (float) Math.floor(value);
  }

  public static double floor(double value) {
    return Math.floor(value);
  }

  public static float truncate(float value) {
    return (float) truncate((double) value);
  }

  public static double truncate(double value) {
    return value < 0 || 1 / value < 0 ? Math.ceil(value) : Math.floor(value);
  }

  public static float nearest(float value) {
    return (float) Math.rint(value);
  }

  public static double nearest(double value) {
    return Math.rint(value);
  }

  public static float sqrt(float value) {
    return (float) Math.sqrt(value);
  }

  private static double checked(double value, double below, double limit) {
    if (Double.isNaN(value)) {
      throw trap("invalid conversion to integer");
    }
    if (!(value > below && value < limit)) {
      throw trap(OVERFLOW);
    }
    return value;
  }

  /** As {@link #checked}, but the lower bound itself is allowed. */
  private static double checkedFrom(double value, double least, double limit) {
    if (Double.isNaN(value)) {
      throw trap("invalid conversion to integer");
    }
    if (!(value >= least && value < limit)) {
      throw trap(OVERFLOW);
    }
    return value;
  }

  public static int toInt(float value) {
    return (int) checkedFrom(value, -TWO_31, TWO_31);
  }

  public static int toInt(double value) {
    return (int) checked(value, -TWO_31 - 1, TWO_31);
  }

  public static int toUnsignedInt(float value) {
    return (int) (long) checked(value, -1, TWO_32);
  }

  public static int toUnsignedInt(double value) {
    return (int) (long) checked(value, -1, TWO_32);
  }

  public static long toLong(float value) {
    return (long) checkedFrom(value, -TWO_63, TWO_63);
  }

  public static long toLong(double value) {
    return (long) checkedFrom(value, -TWO_63, TWO_63);
  }

  public static long toUnsignedLong(float value) {
    return unsigned(checked(value, -1, TWO_64));
  }

  public static long toUnsignedLong(double value) {
    return unsigned(checked(value, -1, TWO_64));
  }

  private static long unsigned(double value) {
    return value < TWO_63 ? (long) value : (long) (value - TWO_63) ^ Long.MIN_VALUE;
  }

  public static int saturateUnsignedInt(float value) {
    return saturateUnsignedInt((double) value);
  }

  public static int saturateUnsignedInt(double value) {
    if (!(value > 0)) {
      return 0;
    }
    return value >= TWO_32 ? -1 : (int) (long) value;
  }

  public static long saturateUnsignedLong(float value) {
    return saturateUnsignedLong((double) value);
  }

  public static long saturateUnsignedLong(double value) {
    if (!(value > 0)) {
      return 0;
    }
    return value >= TWO_64 ? -1 : unsigned(value);
  }

  /** The float nearest to an unsigned long. */
  public static float unsignedToFloat(long value) {
    if (value >= 0) {
      return value;
    }
    // Halved, with the lost bit kept so that rounding sees it.
    return ((value >>> 1) | (value & 1)) * 2f;
  }

  /** The double nearest to an unsigned long. */
  public static double unsignedToDouble(long value) {
    if (value >= 0) {
      return value;
    }
    return ((value >>> 1) | (value & 1)) * 2d;
  }
}
