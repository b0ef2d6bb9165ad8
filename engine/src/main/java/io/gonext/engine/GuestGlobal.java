package io.gonext.engine;

import org.jspecify.annotations.Nullable;

/**
 * A global that several instances share. A product's instances share none, so their globals are
 * fields of {@link GuestCode}'s subclass; the core test suite shares globals. Public only because
 * compiled code has its own class loader.
 */
public final class GuestGlobal {
  /** A number's bits; those of an i32 and an f32 are the lower half. */
  public long bits;

  /** A reference. */
  public @Nullable Object reference;
}
