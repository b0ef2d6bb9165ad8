package io.gonext.cli.dev;

import io.gonext.host.manifest.Manifest;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * What is uploaded. The arrays are never changed.
 *
 * @param manifest as it was read from {@code manifestJson}
 * @param manifestJson the bytes of {@code manifest.json}
 * @param wasm the module
 * @param sha256 of the module, lower-case hex
 */
record Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm, String sha256) {
  Artifact(Manifest manifest, byte[] manifestJson, byte[] wasm) {
    this(manifest, manifestJson, wasm, sha256(wasm));
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
