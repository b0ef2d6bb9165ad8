package io.gonext.host.registry;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The digest of some bytes, {@code sha256:} or {@code sha512:} and hex digits in lower case (image
 * specification, "Digests").
 */
record Digest(String algorithm, String hex) {
  private static final Pattern TEXT = Pattern.compile("sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}");

  /** Reads a digest; empty when it is not one of these. */
  static Optional<Digest> parse(String text) {
    if (!TEXT.matcher(text).matches()) {
      return Optional.empty();
    }
    int colon = text.indexOf(':');
    return Optional.of(new Digest(text.substring(0, colon), text.substring(colon + 1)));
  }

  /** The SHA-256 of some bytes. */
  static Digest of(byte[] bytes) {
    return new Digest("sha256", "").of(started("sha256"), bytes);
  }

  /** Whether this is the digest of some bytes. */
  boolean isOf(byte[] bytes) {
    return of(start(), bytes).equals(this);
  }

  /** Whether this is what a computation that {@link #start} began ends with. */
  boolean isResultOf(MessageDigest computation) {
    return HexFormat.of().formatHex(computation.digest()).equals(hex);
  }

  /** Begins to compute a digest of this algorithm. */
  MessageDigest start() {
    return started(algorithm);
  }

  private Digest of(MessageDigest computation, byte[] bytes) {
    return new Digest(algorithm, HexFormat.of().formatHex(computation.digest(bytes)));
  }

  private static MessageDigest started(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm.equals("sha256") ? "SHA-256" : "SHA-512");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256 and SHA-512", e);
    }
  }

  /** The tag under which registries without the referrers API keep what refers to this. */
  String fallbackTag() {
    // A tag has 128 characters at most, which cuts a sha512.
    String tag = algorithm + "-" + hex;
    return tag.substring(0, Math.min(tag.length(), OciReference.MAX_TAG));
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }
}
