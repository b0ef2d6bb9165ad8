package io.gonext.host.registry;

import java.util.Optional;

/**
 * What an artifact says of its plugin. The bundle was not fetched, so nothing of this was compared
 * with it. The arrays are not to be changed.
 *
 * @param digest of the artifact's manifest, {@code sha256:...}: what the reference meant
 * @param bundleDigest of the bundle
 * @param bundleBytes the size of the bundle
 * @param manifestJson {@code manifest.json} of the bundle; empty for an artifact that other tools
 *     have pushed
 * @param sbom CycloneDX in JSON
 * @param provenance an in-toto statement in JSON
 */
public record PluginDescription(
    String digest,
    String bundleDigest,
    long bundleBytes,
    Optional<byte[]> manifestJson,
    Optional<byte[]> sbom,
    Optional<byte[]> provenance) {}
