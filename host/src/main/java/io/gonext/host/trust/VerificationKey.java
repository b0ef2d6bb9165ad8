package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;

/** A publisher's Ed25519 public key. Immutable. */
public final class VerificationKey {
  /** The X.509 encoding of a key before its 32 bytes (RFC 8410, section 4). */
  private static final byte[] X509_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

  private static final int KEY_BYTES = 32;
  private static final String BEGIN = "-----BEGIN PUBLIC KEY-----";
  private static final String END = "-----END PUBLIC KEY-----";

  private final byte[] raw;
  private final PublicKey key;

  private VerificationKey(byte[] raw) {
    this.raw = raw;
    byte[] encoded = Arrays.copyOf(X509_HEAD, X509_HEAD.length + KEY_BYTES);
    System.arraycopy(raw, 0, encoded, X509_HEAD.length, KEY_BYTES);
    try {
      this.key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
    } catch (GeneralSecurityException e) {
      throw new UntrustedException("key_malformed", "the public key is not an Ed25519 key");
    }
  }

  /**
   * Reads a public key in PEM, as {@code openssl pkey -pubout} writes it.
   *
   * @throws UntrustedException with the code {@code key_malformed} when it is anything else
   */
  public static VerificationKey parse(String text) {
    String body = text.strip();
    if (!body.startsWith(BEGIN) || !body.endsWith(END)) {
      throw malformed();
    }
    body = body.substring(BEGIN.length(), body.length() - END.length()).replaceAll("\\s", "");
    byte[] encoded;
    try {
      encoded = Base64.getDecoder().decode(body);
    } catch (IllegalArgumentException e) {
      throw malformed();
    }
    if (encoded.length != X509_HEAD.length + KEY_BYTES
        || !Arrays.equals(X509_HEAD, Arrays.copyOf(encoded, X509_HEAD.length))) {
      throw malformed();
    }
    return new VerificationKey(Arrays.copyOfRange(encoded, X509_HEAD.length, encoded.length));
  }

  private static UntrustedException malformed() {
    return new UntrustedException(
        "key_malformed", "the public key is not an Ed25519 key in PEM; write one with keygen");
  }

  /** A name for this key: the first 16 hex digits of the SHA-256 of its 32 bytes. */
  public String id() {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(raw);
      return HexFormat.of().formatHex(digest, 0, 8).toLowerCase(Locale.ROOT);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Whether a signature of 64 bytes over a message is this key's. */
  boolean verifies(byte[] message, byte[] signature) {
    try {
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      verifier.update(message);
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // the JDK throws for some encodings that are not canonical
    }
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
