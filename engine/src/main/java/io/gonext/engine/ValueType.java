package io.gonext.engine;

import java.util.Locale;

/** The types of WebAssembly values in imports and exports. */
public enum ValueType {
  /** A 32-bit integer, zero-extended in a {@code long}. */
  I32,
  /** A 64-bit integer. */
  I64,
  /** A 32-bit float, as {@link Float#floatToRawIntBits}. */
  F32,
  /** A 64-bit float, as {@link Double#doubleToRawLongBits}. */
  F64,
  /** A reference to a function. Never passed to the host. */
  FUNCREF,
  /** An external reference. Never passed to the host. */
  EXTERNREF,
  /** A reference to an exception. Never passed to the host. */
  EXNREF;

  boolean isReference() {
    return this == FUNCREF || this == EXTERNREF || this == EXNREF;
  }

  /** The name in the text format, for example {@code i32}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
