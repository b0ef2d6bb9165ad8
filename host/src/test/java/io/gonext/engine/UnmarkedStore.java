package io.gonext.engine;

import java.util.Objects;

/** Changes what a reset does not see. */
public final class UnmarkedStore {
  private UnmarkedStore() {}

  /** Flips a bit of the instance's memory without marking its block. */
  public static void at(GuestInstance instance, int address) {
    Objects.requireNonNull(instance.linear().data)[address] ^= 1;
  }
}
