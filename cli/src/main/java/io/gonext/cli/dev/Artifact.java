package io.gonext.cli.dev;

import io.gonext.cli.build.Sha256;
import io.gonext.host.manifest.Manifest;
import java.util.Map;

/**
 * A plugin to upload. The arrays must not be changed.
 *
 * @param manifest parsed from {@code manifestJson}
 * @param manifestJson the bytes of {@code manifest.json}
 * @param wasm the module
 * @param files of the bundle besides, by name
 * @param sha256 of the module, in lower-case hex
 */
record Artifact(
    Manifest manifest, byte[] manifestJson, byte[] wasm, Map<String, byte[]> files, String sha256) {
  Artifact {
    files = Map.copyOf(files);
  }

  Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm, Map<String, byte[]> files) {
    this(manifest, manifestJson, wasm, files, Sha256.hex(wasm));
  }
}
