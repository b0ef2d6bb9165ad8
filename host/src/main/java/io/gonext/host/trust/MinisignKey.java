package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/** A public key in minisign's format: the algorithm, 8 bytes that name the key, and the key. */
record MinisignKey(byte[] id, byte[] raw) {
  static final String COMMENT = "untrusted comment: ";
  static final int ID_BYTES = 8;

  private static final byte[] ALGORITHM = "Ed".getBytes(StandardCharsets.US_ASCII);
  private static final int HEAD = 2 + ID_BYTES;
  private static final int SECRET_BYTES = 158;

  /**
   * Reads the file of a public key, or its line of base64 alone.
   *
   * @throws UntrustedException if the text is anything else
   */
  static MinisignKey read(String stripped) {
    List<String> lines = stripped.lines().map(String::stripTrailing).toList();
    boolean hasComment = lines.getFirst().startsWith(COMMENT.stripTrailing());
    if (hasComment && lines.size() == 1) {
      throw KeyText.truncated("the line after minisign's comment is missing");
    }
    String base64 = lines.get(hasComment ? 1 : 0);
    byte[] bytes = decode(base64);
    if (lines.size() > (hasComment ? 2 : 1)) {
      throw new UntrustedException(
          "key_doubled", "the file holds more than one key: write each into a file of its own");
    }
    if (bytes.length == SECRET_BYTES) {
      throw new UntrustedException(
          "key_private",
          "this is a secret key of minisign, which stays with the publisher: give the public key,"
              + " which minisign -R writes");
    }
    if (bytes.length < HEAD + Ed25519.KEY_BYTES) {
      throw KeyText.truncated("a public key of minisign has 42 bytes, this one " + bytes.length);
    }
    if (bytes.length > HEAD + Ed25519.KEY_BYTES || !isOfMinisign(bytes)) {
      throw notAKey();
    }
    return new MinisignKey(
        Arrays.copyOfRange(bytes, ALGORITHM.length, HEAD),
        Arrays.copyOfRange(bytes, HEAD, bytes.length));
  }

  private static byte[] decode(String base64) {
    if (base64.startsWith("ssh-") || base64.startsWith("ecdsa-sha2-")) {
      throw KeyText.otherFormat("a key of SSH");
    }
    if (base64.startsWith("{")) {
      throw KeyText.otherFormat("JSON");
    }
    if (base64.startsWith("RW") && base64.length() % 4 != 0) {
      throw KeyText.truncated("its base64 ends in the middle");
    }
    return StrictBase64.decode(base64).orElseThrow(MinisignKey::notAKey);
  }

  private static boolean isOfMinisign(byte[] bytes) {
    return Arrays.equals(ALGORITHM, Arrays.copyOf(bytes, ALGORITHM.length));
  }

  /** Whether a text is a secret key of minisign, which signs with a key of its own kind. */
  static boolean isSecret(String stripped) {
    List<String> lines = stripped.lines().map(String::stripTrailing).toList();
    return StrictBase64.decode(lines.getLast())
        .filter(bytes -> bytes.length == SECRET_BYTES && isOfMinisign(bytes))
        .isPresent();
  }

  private static UntrustedException notAKey() {
    return KeyText.malformed("it is neither PEM nor a key of minisign");
  }

  /** The file: a comment and the key. */
  String text() {
    byte[] bytes = Arrays.copyOf(ALGORITHM, HEAD + raw.length);
    System.arraycopy(id, 0, bytes, ALGORITHM.length, ID_BYTES);
    System.arraycopy(raw, 0, bytes, HEAD, raw.length);
    return COMMENT
        + "minisign public key "
        + printed(id)
        + "\n"
        + StrictBase64.encode(bytes)
        + "\n";
  }

  /** The name of a key as minisign prints it. */
  static String printed(byte[] id) {
    return HexFormat.of().withUpperCase().formatHex(VerificationKey.reversed(id));
  }
}
