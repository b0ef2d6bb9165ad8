package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;

/** The text of one key in PEM (RFC 7468): the label, and the base64 between the two lines. */
record KeyText(String label, String body) {
  /** No file of a key is larger, in characters. RSA keys are, and get their own sentence. */
  static final int MAX_CHARS = 16_384;

  static final String PUBLIC = "PUBLIC KEY";
  static final String PRIVATE = "PRIVATE KEY";
  static final String ENCRYPTED = "ENCRYPTED PRIVATE KEY";

  private static final String DASHES = "-----";
  private static final String BEGIN = DASHES + "BEGIN ";
  private static final int CHARS_OF_LINE = 64;

  private static final String ED25519 = "2b6570";

  /** What other tools call the algorithms, by the bytes of their object identifiers. */
  private static final Map<String, String> ALGORITHMS =
      Map.ofEntries(
          Map.entry(ED25519, "Ed25519"),
          Map.entry("2b6571", "Ed448"),
          Map.entry("2b656e", "X25519"),
          Map.entry("2b656f", "X448"),
          Map.entry("2a864886f70d010101", "RSA"),
          Map.entry("2a864886f70d01010a", "RSA-PSS"),
          Map.entry("2a8648ce3d0201", "EC"),
          Map.entry("2a8648ce380401", "DSA"),
          Map.entry("608648016503040311", "ML-DSA-44"),
          Map.entry("608648016503040312", "ML-DSA-65"),
          Map.entry("608648016503040313", "ML-DSA-87"));

  /** Whether this is PEM rather than a key of minisign. */
  static boolean isPem(String text) {
    return text.contains(BEGIN);
  }

  /**
   * The text without white space around it.
   *
   * @throws UntrustedException if there is no text, or too much
   */
  static String stripped(String text) {
    if (text.length() > MAX_CHARS) {
      throw new UntrustedException(
          "key_too_large",
          "the file has more than " + MAX_CHARS + " characters, and holds more than a key");
    }
    String stripped = text.strip();
    if (stripped.isEmpty()) {
      throw new UntrustedException("key_empty", "the file of the key is empty");
    }
    return stripped;
  }

  /**
   * Reads the one key of a text.
   *
   * @throws UntrustedException if the text is anything else
   */
  static KeyText read(String stripped) {
    int endOfLabel = stripped.indexOf(DASHES, BEGIN.length());
    if (!stripped.startsWith(BEGIN)) {
      throw malformed("there is text before the line -----BEGIN: remove it");
    }
    if (endOfLabel < 0) {
      throw truncated("the line -----BEGIN has no end");
    }
    String label = stripped.substring(BEGIN.length(), endOfLabel);
    String end = DASHES + "END " + label + DASHES;
    int startOfBody = endOfLabel + DASHES.length();
    int endOfBody = stripped.indexOf(end, startOfBody);
    if (endOfBody < 0) {
      throw truncated("the line " + printable(end) + " is missing");
    }
    if (endOfBody + end.length() < stripped.length()) {
      if (stripped.indexOf(BEGIN, endOfBody) > 0) {
        throw new UntrustedException(
            "key_doubled", "the file holds more than one key: write each into a file of its own");
      }
      throw malformed("there is text after the line " + printable(end) + ": remove it");
    }
    return new KeyText(label, stripped.substring(startOfBody, endOfBody));
  }

  /** The text of a key, as {@code openssl pkey} writes it. */
  static String write(String label, byte[] encoded) {
    StringBuilder text = new StringBuilder(BEGIN + label + DASHES + "\n");
    String base64 = StrictBase64.encode(encoded);
    for (int i = 0; i < base64.length(); i += CHARS_OF_LINE) {
      text.append(base64, i, Math.min(base64.length(), i + CHARS_OF_LINE)).append('\n');
    }
    return text.append(DASHES + "END ").append(label).append(DASHES + "\n").toString();
  }

  /**
   * The bytes of the key.
   *
   * @throws UntrustedException if they are not written in base64
   */
  byte[] encoded() {
    String base64 = body.replaceAll("[ \\t\\r\\n]", "");
    if (base64.length() % 4 != 0) {
      throw truncated("its base64 ends in the middle");
    }
    return StrictBase64.decode(base64)
        .orElseThrow(() -> malformed("its text between the two lines is not base64"));
  }

  /**
   * Checks that a key is an Ed25519 key, by the algorithm that it names.
   *
   * @param encoded an X.509 public key or a PKCS #8 private key
   * @throws UntrustedException if it is not
   */
  static void requireEd25519(byte[] encoded) {
    String algorithm =
        algorithm(encoded).orElseThrow(() -> malformed("its bytes are not the encoding of a key"));
    if (!algorithm.equals(ED25519)) {
      throw otherKind(ALGORITHMS.getOrDefault(algorithm, "key of another algorithm"));
    }
  }

  /** The object identifier in SEQUENCE { INTEGER version (private keys), SEQUENCE { OID. */
  private static Optional<String> algorithm(byte[] encoded) {
    int at = intoSequence(encoded, 0);
    if (at > 0 && at + 2 < encoded.length && encoded[at] == 2 && encoded[at + 1] == 1) {
      at += 3;
    }
    at = at < 0 ? at : intoSequence(encoded, at);
    if (at < 0 || at + 1 >= encoded.length || encoded[at] != 6) {
      return Optional.empty();
    }
    int end = at + 2 + (encoded[at + 1] & 0xff);
    return end > encoded.length
        ? Optional.empty()
        : Optional.of(HexFormat.of().formatHex(Arrays.copyOfRange(encoded, at + 2, end)));
  }

  /** Where the content of a SEQUENCE begins, or -1. */
  private static int intoSequence(byte[] encoded, int at) {
    if (at + 1 >= encoded.length || encoded[at] != 0x30) {
      return -1;
    }
    int length = encoded[at + 1] & 0xff;
    return at + 2 + (length > 0x80 ? length - 0x80 : 0);
  }

  static UntrustedException otherKind(String kind) {
    boolean isNamed = !kind.startsWith("key");
    return new UntrustedException(
        "key_other_kind",
        "this is "
            + (isNamed
                ? (kind.matches("[AEFILMNORSX].*") ? "an " : "a ") + kind + " key"
                : "a " + kind)
            + ", and signatures of bundles need an Ed25519 key: make one with gonext plugin"
            + " keygen");
  }

  static UntrustedException otherFormat(String format) {
    return new UntrustedException(
        "key_other_format",
        "this is " + format + ": give a key in PEM, as gonext plugin keygen writes it");
  }

  static UntrustedException malformed(String why) {
    return new UntrustedException("key_malformed", "the file is not a key: " + why);
  }

  static UntrustedException truncated(String why) {
    return new UntrustedException("key_truncated", "the key is cut off: " + why);
  }

  /** A label comes from the file. */
  private static String printable(String line) {
    String text = line.replaceAll("[^ -~]", "?");
    return text.length() > 80 ? text.substring(0, 80) + "..." : text;
  }

  @Override
  public String toString() {
    return label;
  }
}
