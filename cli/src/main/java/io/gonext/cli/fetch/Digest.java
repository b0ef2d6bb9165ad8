package io.gonext.cli.fetch;

import io.gonext.cli.output.CommandFailure;
import io.gonext.host.manifest.Sha256;

/** The digests that files and indexes name: {@code sha256:} and 64 hexadecimal digits. */
public final class Digest {
  private static final String SHA256 = "sha256:";

  private Digest() {}

  /** The digest of these bytes. */
  public static String of(byte[] bytes) {
    return SHA256 + Sha256.hex(bytes);
  }

  /** The digest with this SHA-256. */
  public static String ofHex(String sha256) {
    return SHA256 + sha256;
  }

  /**
   * Checks what was read.
   *
   * @throws CommandFailure when it has another digest
   */
  public static void require(Location location, byte[] bytes, String digest) {
    String found = of(bytes);
    if (!found.equals(digest)) {
      throw new CommandFailure(
          CommandFailure.Kind.FAILED,
          location
              + ": it has the digest "
              + found
              + " and not "
              + digest
              + ": it is another bundle than the one that was meant");
    }
  }
}
