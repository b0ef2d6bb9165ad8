package io.gonext.dashboard;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * The files of the dashboard itself. Each is served under a name with the hash of its content, so a
 * browser may keep it for ever.
 */
final class Assets {
  private static final int HASH_CHARS = 12;

  private static final Map<String, String> TYPES =
      Map.of(
          "dashboard.css", "text/css; charset=utf-8",
          "dashboard.js", "text/javascript; charset=utf-8",
          "uplot.js", "text/javascript; charset=utf-8",
          "uplot.css", "text/css; charset=utf-8",
          "icon.svg", "image/svg+xml");

  private final Map<String, Asset> assets = new LinkedHashMap<>();

  Assets() {
    TYPES.forEach((name, type) -> assets.put(name, read(name, type)));
  }

  /**
   * A file.
   *
   * @param path below the dashboard
   */
  record Asset(String path, String contentType, byte[] bytes) {}

  Collection<Asset> all() {
    return assets.values();
  }

  /** The path of a file, below the dashboard. */
  String path(String name) {
    return Objects.requireNonNull(assets.get(name), name).path();
  }

  private static Asset read(String name, String type) {
    byte[] bytes;
    try (var in = Assets.class.getResourceAsStream("assets/" + name)) {
      bytes = Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int dot = name.lastIndexOf('.');
    String hash = HexFormat.of().formatHex(sha256(bytes)).substring(0, HASH_CHARS);
    String path = "/assets/" + name.substring(0, dot) + "-" + hash + name.substring(dot);
    return new Asset(path, type, bytes);
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
