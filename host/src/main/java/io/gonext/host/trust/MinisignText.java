package io.gonext.host.trust;

import com.rfksystems.blake2b.security.Blake2b512Digest;
import io.gonext.host.UntrustedException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A signature in minisign's format.
 *
 * @param isHashed whether the message is the BLAKE2b hash of the file ({@code ED}, the default of
 *     minisign) or the file ({@code Ed})
 * @param keyId 8 bytes that name the key; nothing protects them
 * @param signature of the message
 * @param comment the trusted comment, without its prefix
 * @param commentSignature of the signature and the comment
 */
record MinisignText(
    boolean isHashed, byte[] keyId, byte[] signature, String comment, byte[] commentSignature) {
  private static final String TRUSTED = "trusted comment: ";
  private static final byte[] PLAIN = "Ed".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] HASHED = "ED".getBytes(StandardCharsets.US_ASCII);
  private static final int HEAD = 2 + MinisignKey.ID_BYTES;
  private static final int LINES = 4;

  static boolean isMinisign(byte[] file) {
    byte[] prefix = MinisignKey.COMMENT.stripTrailing().getBytes(StandardCharsets.US_ASCII);
    return Arrays.equals(prefix, Arrays.copyOf(file, prefix.length));
  }

  /**
   * Reads the four lines of a signature.
   *
   * @throws UntrustedException if they are not one signature, or one that is not strict
   */
  static MinisignText read(byte[] file) {
    List<String> lines = text(file).lines().toList();
    if (lines.size() < LINES) {
      throw BundleSignature.truncated(
          "a signature of minisign has " + LINES + " lines, this file " + lines.size());
    }
    if (lines.stream().skip(LINES).anyMatch(line -> !line.isBlank())) {
      throw lines.stream().skip(LINES).anyMatch(line -> line.startsWith(MinisignKey.COMMENT))
          ? BundleSignature.doubled()
          : BundleSignature.malformed("there is text after the fourth line: remove it");
    }
    if (!lines.get(2).startsWith(TRUSTED)) {
      throw BundleSignature.malformed("its third line is not minisign's trusted comment");
    }
    byte[] head = decoded(lines.get(1), HEAD + Ed25519.SIGNATURE_BYTES, "second");
    byte[] algorithm = Arrays.copyOf(head, PLAIN.length);
    boolean isHashed = Arrays.equals(algorithm, HASHED);
    if (!isHashed && !Arrays.equals(algorithm, PLAIN)) {
      throw BundleSignature.malformed("it names an algorithm that minisign does not have");
    }
    byte[] signature = Arrays.copyOfRange(head, HEAD, head.length);
    Ed25519.requireStrict(signature);
    byte[] commentSignature = decoded(lines.get(3), Ed25519.SIGNATURE_BYTES, "fourth");
    Ed25519.requireStrict(commentSignature);
    return new MinisignText(
        isHashed,
        Arrays.copyOfRange(head, PLAIN.length, HEAD),
        signature,
        lines.get(2).substring(TRUSTED.length()),
        commentSignature);
  }

  private static String text(byte[] file) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(file)).toString();
    } catch (CharacterCodingException e) {
      throw BundleSignature.malformed("its text is not UTF-8");
    }
  }

  private static byte[] decoded(String base64, int length, String line) {
    byte[] bytes =
        StrictBase64.decode(base64)
            .orElseThrow(() ->
                base64.length() < (length + 2) / 3 * 4
                    ? BundleSignature.truncated("its " + line + " line is too short")
                    : BundleSignature.malformed("its " + line + " line is not base64"));
    if (bytes.length != length) {
      String why = "its %s line has %d bytes and not %d".formatted(line, bytes.length, length);
      throw bytes.length < length ? BundleSignature.truncated(why) : BundleSignature.malformed(why);
    }
    return bytes;
  }

  /** Signs a file as {@code minisign -S} does. */
  static MinisignText sign(SigningKey key, byte[] bundle, String comment) {
    if (!comment.matches("[\\P{Cntrl}\\t]*")) {
      throw new IllegalArgumentException("a trusted comment is one line");
    }
    byte[] signature = key.signature(hash(bundle));
    return new MinisignText(
        true,
        key.publicKey().minisignId(),
        signature,
        comment,
        key.signature(signature, comment.getBytes(StandardCharsets.UTF_8)));
  }

  /** Whether the signature is a key's over a file, whatever the comment is. */
  boolean isOf(VerificationKey key, byte[] bundle) {
    return key.verifies(signature, isHashed ? hash(bundle) : bundle);
  }

  /** Whether the comment is the signer's. */
  boolean isCommentOf(VerificationKey key) {
    return key.verifies(commentSignature, signature, comment.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] hash(byte[] bytes) {
    return new Blake2b512Digest().digest(bytes);
  }

  byte[] file() {
    byte[] head = Arrays.copyOf(isHashed ? HASHED : PLAIN, HEAD + signature.length);
    System.arraycopy(keyId, 0, head, PLAIN.length, keyId.length);
    System.arraycopy(signature, 0, head, HEAD, signature.length);
    return (MinisignKey.COMMENT
            + "signature from key "
            + MinisignKey.printed(keyId)
            + "\n"
            + StrictBase64.encode(head)
            + "\n"
            + TRUSTED
            + comment
            + "\n"
            + StrictBase64.encode(commentSignature)
            + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }
}
