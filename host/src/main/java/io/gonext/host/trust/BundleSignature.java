package io.gonext.host.trust;

import io.gonext.host.UntrustedException;
import java.util.Arrays;

/** A detached signature over the bytes of a bundle, from one {@code .sig} file. Immutable. */
public final class BundleSignature {
  /** No file of a signature is larger, in bytes. */
  public static final int MAX_FILE_BYTES = 4096;

  private static final int SIGNATURE_BYTES = 64;

  private final byte[] file;

  private BundleSignature(byte[] file) {
    this.file = file;
  }

  /**
   * Reads the file of a signature: its 64 bytes, as {@code openssl pkeyutl -sign -rawin} writes
   * them.
   *
   * @throws UntrustedException with the code {@code signature_malformed} when it is anything else
   */
  public static BundleSignature parse(byte[] file) {
    if (file.length != SIGNATURE_BYTES) {
      throw new UntrustedException(
          "signature_malformed",
          "a signature has " + SIGNATURE_BYTES + " bytes, this file " + file.length);
    }
    return new BundleSignature(file.clone());
  }

  /** The bytes of the file. */
  public byte[] file() {
    return file.clone();
  }

  /** Whether this is a signature of a key over the bytes of a bundle. */
  public boolean isBy(VerificationKey key, byte[] bundle) {
    return key.verifies(bundle, file);
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
