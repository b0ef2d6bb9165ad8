package io.gonext.engine;

/**
 * A tag of one instance, which its exceptions have. Compared by identity. Public only because
 * compiled code has its own class loader.
 */
public final class GuestTag {
  final int index;

  GuestTag(int index) {
    this.index = index;
  }
}
