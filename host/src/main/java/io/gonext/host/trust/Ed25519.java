package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The strict reading of RFC 8032, section 5.1.7, as {@code verify_strict} of ed25519-dalek and
 * libsodium have it. Points and scalars have one encoding each, and points of small order are
 * refused. The checks of this class work on the encodings alone, so that the answer is the same
 * whichever of them the JDK makes too. The equation is the JDK's.
 */
final class Ed25519 {
  static final int KEY_BYTES = 32;
  static final int SIGNATURE_BYTES = 64;

  /** The X.509 encoding of a key before its 32 bytes (RFC 8410, section 4). */
  static final byte[] X509_HEAD = HexFormat.of().parseHex("302a300506032b6570032100");

  /** The field's prime, 2^255 - 19; all numbers here are little-endian, as in the encodings. */
  private static final byte[] PRIME =
      HexFormat.of().parseHex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");

  /** The order of the group, 2^252 + 27742317777372353535851937790883648493. */
  private static final byte[] ORDER =
      HexFormat.of().parseHex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");

  /** The y of the eight points whose order divides 8: those of order 1, 2, 4 and twice 8. */
  private static final List<byte[]> SMALL_ORDER =
      List.of(
          HexFormat.of()
              .parseHex("0100000000000000000000000000000000000000000000000000000000000000"),
          HexFormat.of()
              .parseHex("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"),
          HexFormat.of()
              .parseHex("0000000000000000000000000000000000000000000000000000000000000000"),
          HexFormat.of()
              .parseHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
          HexFormat.of()
              .parseHex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"));

  private Ed25519() {}

  /**
   * Reads the 32 bytes of a public key.
   *
   * @throws UntrustedException with the code {@code key_not_canonical}, {@code key_weak} or {@code
   *     key_not_a_point}
   */
  static PublicKey publicKey(byte[] raw) {
    if (!isCanonicalPoint(raw, 0)) {
      throw new UntrustedException(
          "key_not_canonical",
          "the public key has a second encoding of its point, which RFC 8032 does not allow: ask"
              + " the publisher for the key");
    }
    if (isOfSmallOrder(raw, 0)) {
      throw new UntrustedException(
          "key_weak",
          "the public key is a point of small order, for which anybody can make signatures: do not"
              + " trust it");
    }
    byte[] encoded = Arrays.copyOf(X509_HEAD, X509_HEAD.length + KEY_BYTES);
    System.arraycopy(raw, 0, encoded, X509_HEAD.length, KEY_BYTES);
    try {
      PublicKey key =
          KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(encoded));
      // It computes the point, which the factory does not.
      Signature.getInstance("Ed25519").initVerify(key);
      return key;
    } catch (GeneralSecurityException e) {
      throw new UntrustedException(
          "key_not_a_point",
          "the 32 bytes of the public key are not a point of the curve Ed25519: ask the publisher"
              + " for the key");
    }
  }

  /**
   * Checks what can be seen in a signature's 64 bytes alone.
   *
   * @throws UntrustedException with the code {@code signature_not_canonical} or {@code
   *     signature_weak}
   */
  static void requireStrict(byte[] signature) {
    if (!isLess(signature, KEY_BYTES, ORDER) || !isCanonicalPoint(signature, 0)) {
      throw new UntrustedException(
          "signature_not_canonical",
          "the signature has a second encoding of its numbers, which RFC 8032 does not allow: sign"
              + " the bundle again");
    }
    if (isOfSmallOrder(signature, 0)) {
      throw new UntrustedException(
          "signature_weak",
          "the signature begins with a point of small order, which no signer makes: sign the bundle"
              + " again");
    }
  }

  /** Whether a signature that {@link #requireStrict} accepts fits the parts of a message. */
  static boolean verifies(PublicKey key, byte[] signature, byte[]... message) {
    try {
      Signature verifier = Signature.getInstance("Ed25519");
      verifier.initVerify(key);
      for (byte[] part : message) {
        verifier.update(part);
      }
      return verifier.verify(signature);
    } catch (GeneralSecurityException e) {
      return false; // R is not a point of the curve
    }
  }

  /** Whether y is less than the prime. The highest bit is the sign of x. */
  private static boolean isCanonicalPoint(byte[] bytes, int offset) {
    return isLess(y(bytes, offset), 0, PRIME);
  }

  private static boolean isOfSmallOrder(byte[] bytes, int offset) {
    byte[] y = y(bytes, offset);
    return SMALL_ORDER.stream().anyMatch(point -> Arrays.equals(point, y));
  }

  private static byte[] y(byte[] bytes, int offset) {
    byte[] y = Arrays.copyOfRange(bytes, offset, offset + KEY_BYTES);
    y[KEY_BYTES - 1] &= 0x7f;
    return y;
  }

  private static boolean isLess(byte[] bytes, int offset, byte[] bound) {
    for (int i = KEY_BYTES - 1; i >= 0; i--) {
      int difference = (bytes[offset + i] & 0xff) - (bound[i] & 0xff);
      if (difference != 0) {
        return difference < 0;
      }
    }
    return false;
  }
}
