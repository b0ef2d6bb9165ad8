package io.gonext.host.registry;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A plugin as a registry holds it. All bytes have the digests that the artifact names; who made
 * them, only the signatures say. The arrays are not to be changed.
 *
 * @param reference as it was asked for
 * @param digest of the artifact's manifest, {@code sha256:...}: what the reference meant
 * @param plugin the name in the bundle's manifest, which is not checked otherwise
 * @param bundle the bytes of the bundle
 * @param signatureFiles the bytes of each signature that refers to the artifact, not yet verified
 * @param sbom CycloneDX in JSON
 * @param provenance an in-toto statement in JSON
 * @param annotations of the artifact, which anyone who can push may have written
 */
public record PulledPlugin(
    OciReference reference,
    String digest,
    String plugin,
    byte[] bundle,
    List<byte[]> signatureFiles,
    Optional<byte[]> sbom,
    Optional<byte[]> provenance,
    Map<String, String> annotations) {
  public PulledPlugin {
    signatureFiles = List.copyOf(signatureFiles);
    annotations = Map.copyOf(annotations);
  }

  /** The same with these signatures. */
  PulledPlugin signedBy(List<byte[]> files) {
    return new PulledPlugin(
        reference, digest, plugin, bundle, files, sbom, provenance, annotations);
  }

  /** Where it is from, without tag and digest: {@code oci://registry.example/acme/plugin}. */
  public String origin() {
    return reference.origin();
  }
}
