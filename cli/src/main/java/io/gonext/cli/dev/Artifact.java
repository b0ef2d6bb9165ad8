package io.gonext.cli.dev;

import io.gonext.cli.build.Sha256;
import io.gonext.host.manifest.Manifest;

/**
 * A plugin to upload. The arrays must not be changed.
 *
 * @param manifest parsed from {@code manifestJson}
 * @param manifestJson the bytes of {@code manifest.json}
 * @param wasm the module
 * @param sha256 of the module, in lower-case hex
 */
record Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm, String sha256) {
  Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm) {
    this(manifest, manifestJson, wasm, Sha256.hex(wasm));
  }
}
