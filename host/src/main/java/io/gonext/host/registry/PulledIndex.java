package io.gonext.host.registry;

import java.util.List;

/**
 * An index of plugins as a registry holds it. Who made it, only the signatures say. The arrays are
 * not to be changed.
 *
 * @param digest of the artifact's manifest, {@code sha256:...}: what the reference meant
 * @param bytes of the index, which have the digest that the artifact names
 * @param signatureFiles the bytes of each signature that refers to the artifact, not yet verified
 */
public record PulledIndex(String digest, byte[] bytes, List<byte[]> signatureFiles) {
  public PulledIndex {
    signatureFiles = List.copyOf(signatureFiles);
  }
}
