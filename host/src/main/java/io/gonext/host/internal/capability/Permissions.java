package io.gonext.host.internal.capability;

import io.gonext.host.CapabilityRegistry;
import java.util.Set;
import java.util.function.ToLongFunction;

/**
 * What one version of a plugin may do at this moment: one bit for each capability. All instances of
 * the version read the same word, so a revoked capability is denied at the next call of any of
 * them.
 *
 * <p>Thread-safe.
 */
public final class Permissions {
  private final ToLongFunction<String> bits;
  private volatile long granted;

  Permissions(CapabilityBits bits, long granted) {
    this(bits::mask, granted);
  }

  private Permissions(ToLongFunction<String> bits, long granted) {
    this.bits = bits;
    this.granted = granted;
  }

  /** Permissions that never allow anything. */
  public static Permissions none() {
    return new Permissions(id -> 0, 0);
  }

  /** Permissions that allow some capabilities and never change. */
  public static Permissions of(CapabilityRegistry registry, Set<String> capabilities) {
    CapabilityBits bits = new CapabilityBits(registry);
    return new Permissions(bits, bits.decidedMask(capabilities));
  }

  /**
   * The capability's bit, for {@link #allow}; 0, which is never allowed, for a capability that does
   * not exist or is {@linkplain CapabilityRegistry#notOffered not offered}.
   */
  public long mask(String capability) {
    return bits.applyAsLong(capability);
  }

  /**
   * Whether a capability is granted.
   *
   * @param mask from {@link #mask}
   */
  public boolean allow(long mask) {
    return (granted & mask) != 0;
  }

  void set(long newGranted) {
    granted = newGranted;
  }

  long granted() {
    return granted;
  }
}
