package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import io.gonext.host.manifest.Sha256;
import java.security.PublicKey;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A publisher's Ed25519 public key. Two keys are equal if their 32 bytes are. Immutable.
 *
 * <p>A key whose bytes are a second encoding of a point, or a point of small order, cannot be read:
 * see {@link Ed25519}.
 */
public final class VerificationKey {
  private static final int ID_BYTES = 8;

  private final byte[] raw;
  private final PublicKey key;

  /** What minisign calls the key: 8 bytes, which its maker has chosen. */
  private final byte[] minisignId;

  private VerificationKey(byte[] raw, byte[] minisignId) {
    this.raw = raw;
    this.key = Ed25519.publicKey(raw);
    this.minisignId = minisignId;
  }

  private static VerificationKey of(byte[] raw) {
    return new VerificationKey(raw, reversed(HexFormat.of().parseHex(id(raw))));
  }

  /**
   * Reads a public key in PEM, as {@code gonext plugin keygen} and {@code openssl pkey -pubout}
   * write it, or a public key of minisign: its file, or the line of base64 alone.
   *
   * @throws UntrustedException when the text is anything else, and when the key is weak; {@code
   *     docs/trust.md} has the codes
   */
  public static VerificationKey parse(String text) {
    String stripped = KeyText.stripped(text);
    if (!KeyText.isPem(stripped)) {
      MinisignKey minisign = MinisignKey.read(stripped);
      return new VerificationKey(minisign.raw(), minisign.id());
    }
    KeyText pem = KeyText.read(stripped);
    requirePublic(pem.label());
    return ofX509(pem.encoded());
  }

  private static void requirePublic(String label) {
    if (label.equals(KeyText.PUBLIC)) {
      return;
    }
    if (label.endsWith(KeyText.PRIVATE) || label.startsWith("PGP PRIVATE")) {
      throw new UntrustedException(
          "key_private",
          "this is a private key, which stays with the publisher: give the public key, which"
              + " openssl pkey -in KEY -pubout prints");
    }
    throw switch (label) {
      case "RSA PUBLIC KEY" -> KeyText.otherKind("RSA");
      case "CERTIFICATE" -> KeyText.otherFormat("a certificate");
      case "PGP PUBLIC KEY BLOCK" -> KeyText.otherFormat("a key of OpenPGP");
      case "SSH2 PUBLIC KEY" -> KeyText.otherFormat("a key of SSH");
      default -> KeyText.malformed("its first line is not -----BEGIN PUBLIC KEY-----");
    };
  }

  static VerificationKey ofX509(byte[] encoded) {
    KeyText.requireEd25519(encoded);
    int head = Ed25519.X509_HEAD.length;
    if (encoded.length != head + Ed25519.KEY_BYTES
        || !Arrays.equals(Ed25519.X509_HEAD, Arrays.copyOf(encoded, head))) {
      throw KeyText.malformed(
          "an Ed25519 key has " + (head + Ed25519.KEY_BYTES) + " bytes in one encoding only");
    }
    return of(Arrays.copyOfRange(encoded, head, encoded.length));
  }

  /**
   * A name for this key, the same in every format: the first 16 hex digits of the SHA-256 of its 32
   * bytes.
   */
  public String id() {
    return id(raw);
  }

  private static String id(byte[] raw) {
    return Sha256.hex(raw).substring(0, 2 * ID_BYTES);
  }

  /** The key in PEM, as {@code openssl pkey -pubin} reads it. */
  public String pem() {
    byte[] encoded = Arrays.copyOf(Ed25519.X509_HEAD, Ed25519.X509_HEAD.length + raw.length);
    System.arraycopy(raw, 0, encoded, Ed25519.X509_HEAD.length, raw.length);
    return KeyText.write(KeyText.PUBLIC, encoded);
  }

  /**
   * The key as minisign's file: a line with a comment, and a line of base64. Minisign prints the
   * {@link #id()} of a key that was not read from such a file, in capital letters.
   */
  public String minisign() {
    return new MinisignKey(minisignId, raw).text();
  }

  byte[] minisignId() {
    return minisignId.clone();
  }

  /** Whether minisign could call this key so. */
  boolean isCalled(byte[] id) {
    return Arrays.equals(minisignId, id)
        || Arrays.equals(reversed(HexFormat.of().parseHex(id())), id);
  }

  /** Whether a signature of 64 bytes over the parts of a message is this key's. */
  boolean verifies(byte[] signature, byte[]... message) {
    return Ed25519.verifies(key, signature, message);
  }

  byte[] raw() {
    return raw.clone();
  }

  /** Minisign prints its 8 bytes as a little-endian number. */
  static byte[] reversed(byte[] bytes) {
    byte[] reversed = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      reversed[i] = bytes[bytes.length - 1 - i];
    }
    return reversed;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof VerificationKey that && Arrays.equals(raw, that.raw);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(raw);
  }

  @Override
  public String toString() {
    return id();
  }
}
