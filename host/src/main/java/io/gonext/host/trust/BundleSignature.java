package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A detached signature over the bytes of a bundle, from one file: the 64 bytes of an Ed25519
 * signature ({@code .sig}), or minisign's text ({@code .minisig}). Immutable.
 *
 * <p>Signatures are read strictly: see {@link Ed25519}.
 */
public final class BundleSignature {
  /** No file of a signature is larger, in bytes. */
  public static final int MAX_FILE_BYTES = 4096;

  private static final int BASE64_CHARS = 88;

  private final byte[] file;
  private final @Nullable MinisignText minisign;

  private BundleSignature(byte[] file, @Nullable MinisignText minisign) {
    this.file = file;
    this.minisign = minisign;
  }

  /**
   * Reads the file of a signature: its 64 bytes, as {@code openssl pkeyutl -sign -rawin} writes
   * them, or the text that {@code minisign -S} writes, with or without {@code -l}.
   *
   * @throws UntrustedException when it is anything else, and when it is not strict; {@code
   *     docs/trust.md} has the codes
   */
  public static BundleSignature parse(byte[] file) {
    if (file.length > MAX_FILE_BYTES) {
      throw new UntrustedException(
          "signature_too_large",
          "the file of a signature has at most "
              + MAX_FILE_BYTES
              + " bytes, and this one has more");
    }
    byte[] copy = file.clone();
    if (MinisignText.isMinisign(copy)) {
      return new BundleSignature(copy, MinisignText.read(copy));
    }
    if (copy.length != Ed25519.SIGNATURE_BYTES) {
      throw notASignature(copy);
    }
    Ed25519.requireStrict(copy);
    return new BundleSignature(copy, null);
  }

  /**
   * Whether the name of a file says that it is a signature of another one: {@code FILE.sig}, {@code
   * FILE.minisig}, or either with the key's id before its ending.
   */
  public static boolean isNameFor(String file, String name) {
    return name.startsWith(file + ".")
        && name.substring(file.length()).matches("(\\.[0-9A-Za-z]+)?\\.(mini)?sig");
  }

  /** Whether the file of a signature is minisign's text by its first line. */
  public static boolean isMinisign(byte[] file) {
    return MinisignText.isMinisign(file);
  }

  static BundleSignature of(byte[] signature) {
    return new BundleSignature(signature, null);
  }

  static BundleSignature of(MinisignText minisign) {
    return new BundleSignature(minisign.file(), minisign);
  }

  private static UntrustedException notASignature(byte[] file) {
    if (file.length == 0) {
      return new UntrustedException("signature_empty", "the file of the signature is empty");
    }
    String text = new String(file, StandardCharsets.ISO_8859_1).strip();
    if (text.startsWith("-----BEGIN ")) {
      return otherFormat("a signature of OpenPGP, SSH or CMS");
    }
    if (text.startsWith("{")) {
      return otherFormat("JSON, such as a bundle of Sigstore");
    }
    if (text.length() == BASE64_CHARS
        && StrictBase64.decode(text)
            .filter(bytes -> bytes.length == Ed25519.SIGNATURE_BYTES)
            .isPresent()) {
      return otherFormat("base64, which base64 -d turns into a signature");
    }
    return switch (file.length) {
      case 2 * Ed25519.SIGNATURE_BYTES -> doubled();
      case 70, 71, 72 -> file[0] == 0x30 ? otherFormat("a signature by an EC key") : ofLength(file);
      case 256, 384, 512 -> otherFormat("a signature of the length that RSA keys make");
      default -> ofLength(file);
    };
  }

  private static UntrustedException ofLength(byte[] file) {
    String why = "it has %d bytes and not %d".formatted(file.length, Ed25519.SIGNATURE_BYTES);
    return file.length < Ed25519.SIGNATURE_BYTES ? truncated(why) : malformed(why);
  }

  private static UntrustedException otherFormat(String format) {
    return new UntrustedException(
        "signature_other_format",
        "the file of the signature is "
            + format
            + ": give the 64 bytes of an Ed25519 signature, or minisign's file");
  }

  static UntrustedException truncated(String why) {
    return new UntrustedException("signature_truncated", "the signature is cut off: " + why);
  }

  static UntrustedException doubled() {
    return new UntrustedException(
        "signature_doubled",
        "the file holds more than one signature: write each into a file of its own");
  }

  static UntrustedException malformed(String why) {
    return new UntrustedException(
        "signature_malformed", "the file is not an Ed25519 signature: " + why);
  }

  /** The bytes of the file. */
  public byte[] file() {
    return file.clone();
  }

  /** Whether this is minisign's text rather than the 64 bytes. */
  public boolean isMinisign() {
    return minisign != null;
  }

  /**
   * What the signer says about the file. Minisign's signature covers it, so that {@link #isBy} is
   * false when somebody has changed it. Empty for a signature of 64 bytes.
   */
  public Optional<String> trustedComment() {
    return Optional.ofNullable(minisign).map(MinisignText::comment);
  }

  /**
   * The id of the key that minisign's text names, in lower case; anybody can have written it. Empty
   * for a signature of 64 bytes.
   */
  public Optional<String> namedKey() {
    return Optional.ofNullable(minisign)
        .map(text -> MinisignKey.printed(text.keyId()).toLowerCase(Locale.ROOT));
  }

  /** Whether this is a signature of a key over the bytes of a bundle. */
  public boolean isBy(VerificationKey key, byte[] bundle) {
    MinisignText text = minisign;
    return text == null
        ? key.verifies(file, bundle)
        : text.isOf(key, bundle) && text.isCommentOf(key);
  }

  /**
   * Checks that this is a signature of a key over the bytes of a bundle, and says why it is not.
   *
   * @throws UntrustedException with the code {@code signature_invalid}, {@code signature_foreign}
   *     or {@code signature_comment_changed}
   */
  public void requireBy(VerificationKey key, byte[] bundle) {
    MinisignText text = minisign;
    if (text == null ? key.verifies(file, bundle) : text.isOf(key, bundle)) {
      if (text != null && !text.isCommentOf(key)) {
        throw new UntrustedException(
            "signature_comment_changed",
            "the signature's trusted comment was changed after it was signed: get the signature"
                + " from the publisher again");
      }
      return;
    }
    if (text != null && !key.isCalled(text.keyId())) {
      throw new UntrustedException(
          "signature_foreign",
          "the signature is of another key: it names the key %s, and the given key is %s"
              .formatted(MinisignKey.printed(text.keyId()), MinisignKey.printed(key.minisignId())));
    }
    throw new UntrustedException(
        "signature_invalid",
        "the signature does not fit the bundle and the key "
            + key.id()
            + ": the bundle was changed after it was signed, or another key signed it");
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BundleSignature that && Arrays.equals(file, that.file);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(file);
  }
}
