package io.gonext.engine;

import java.util.Locale;

/** The types of WebAssembly values that may cross the boundary of a module. */
public enum ValueType {
  /** A 32-bit integer; travels zero-extended in a {@code long}. */
  I32,
  /** A 64-bit integer. */
  I64,
  /** A 32-bit float; travels as {@link Float#floatToRawIntBits}. */
  F32,
  /** A 64-bit float; travels as {@link Double#doubleToRawLongBits}. */
  F64,
  /** A reference to a function; never crosses into the host. */
  FUNCREF,
  /** A reference to something of the host; never crosses into the host. */
  EXTERNREF;

  /** The name of the text format, {@code i32} for instance. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
