package io.gonext.cli.dev;

import io.gonext.host.manifest.Manifest;
import io.gonext.host.manifest.Sha256;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A plugin to upload. The arrays must not be changed.
 *
 * @param manifest parsed from {@code manifestJson}
 * @param manifestJson the bytes of {@code manifest.json}
 * @param wasm the module
 * @param files of the bundle besides, by name
 * @param config all values of its configuration, or null to leave it as it is
 * @param secrets values of secrets by name, as JSON, or null to leave all as they are
 * @param sha256 of the module, in lower-case hex
 */
record Artifact(
    Manifest manifest,
    byte[] manifestJson,
    byte[] wasm,
    Map<String, byte[]> files,
    byte @Nullable [] config,
    byte @Nullable [] secrets,
    String sha256) {
  Artifact {
    files = Map.copyOf(files);
  }

  Artifact(
      Manifest manifest,
      byte[] manifestJson,
      byte[] wasm,
      Map<String, byte[]> files,
      byte @Nullable [] config,
      byte @Nullable [] secrets) {
    this(manifest, manifestJson, wasm, files, config, secrets, Sha256.hex(wasm));
  }
}
