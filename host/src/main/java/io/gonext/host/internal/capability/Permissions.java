package io.gonext.host.internal.capability;

import io.gonext.host.CapabilityRegistry;

/**
 * What one version of a plugin may do at this moment: one bit a capability. All its instances look
 * at the same word, so a revoked capability is denied at the next call of any of them.
 *
 * <p>Thread-safe.
 */
public final class Permissions {
  private volatile long granted;

  Permissions(long granted) {
    this.granted = granted;
  }

  /** Permissions of which there will never be any. */
  public static Permissions none() {
    return of(0);
  }

  /** Permissions that stay as they are; see {@link CapabilityRegistry#mask(String)}. */
  public static Permissions of(long masks) {
    return new Permissions(masks);
  }

  /**
   * Whether a capability is granted.
   *
   * @param mask from {@link CapabilityRegistry#mask(String)}
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
