package io.gonext.cli.dev;

import io.gonext.cli.build.Sha256;
import io.gonext.host.manifest.Manifest;
import org.jspecify.annotations.Nullable;

/**
 * A plugin to upload. The arrays must not be changed.
 *
 * @param manifest parsed from {@code manifestJson}
 * @param manifestJson the bytes of {@code manifest.json}
 * @param wasm the module
 * @param config all values of its configuration, or null to leave it as it is
 * @param sha256 of the module, in lower-case hex
 */
record Artifact(
    Manifest manifest, byte[] manifestJson, byte[] wasm, byte @Nullable [] config, String sha256) {
  Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm) {
    this(manifest, manifestJson, wasm, null);
  }

  Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm, byte @Nullable [] config) {
    this(manifest, manifestJson, wasm, config, Sha256.hex(wasm));
  }
}
