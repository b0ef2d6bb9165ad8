package io.gonext.host.registry;

import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a push stores of a plugin. The arrays are not to be changed.
 *
 * @param bundle the bytes of the bundle
 * @param signatureFiles the bytes of each detached signature
 * @param sbom CycloneDX in JSON
 * @param provenance an in-toto statement in JSON
 * @param annotations of the artifact beside those that come from the bundle: {@code
 *     org.opencontainers.image.source}, say
 */
public record PluginArtifact(
    byte[] bundle,
    List<byte[]> signatureFiles,
    Optional<byte[]> sbom,
    Optional<byte[]> provenance,
    SortedMap<String, String> annotations) {
  public PluginArtifact {
    signatureFiles = List.copyOf(signatureFiles);
    annotations = new TreeMap<>(annotations);
  }

  /** A bundle and nothing else. */
  public static PluginArtifact of(byte[] bundle) {
    return new PluginArtifact(
        bundle, List.of(), Optional.empty(), Optional.empty(), new TreeMap<>());
  }

  /** The same with these signatures. */
  public PluginArtifact signedBy(List<byte[]> files) {
    return new PluginArtifact(bundle, files, sbom, provenance, annotations);
  }
}
