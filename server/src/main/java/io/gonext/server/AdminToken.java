package io.gonext.server;

import io.gonext.host.StoreException;
import io.gonext.host.internal.store.SecretFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;

/** A bearer token. Its holder may change the host. Its text is never logged. */
public final class AdminToken {
  /** The name of the file with the token, in the data directory. */
  public static final String FILE = "admin.token";

  /** A shorter token could be guessed. */
  private static final int MIN_LENGTH = 16;

  private static final int RANDOM_BYTES = 32;

  private final byte[] text;

  private AdminToken(String text) {
    this.text = text.getBytes(StandardCharsets.UTF_8);
  }

  /**
   * A token with this text.
   *
   * @throws IllegalArgumentException when it has fewer than 16 characters, or a character that is
   *     not printable ASCII
   */
  public static AdminToken of(String text) {
    if (text.length() < MIN_LENGTH || !text.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "a token has at least " + MIN_LENGTH + " characters, printable ASCII without spaces");
    }
    return new AdminToken(text);
  }

  /**
   * The token of a data directory. Creates it on first use, in a file that only its owner can read.
   *
   * @throws StoreException when the file cannot be read or created, or does not hold a token
   */
  public static AdminToken ofDirectory(Path directory) {
    return ofFile(directory.resolve(FILE));
  }

  /** The token in a file. Creates it on first use, like {@link #ofDirectory}. */
  public static AdminToken ofFile(Path file) {
    byte[] text = SecretFile.readOrCreate(file, AdminToken::random);
    try {
      return of(new String(text, StandardCharsets.UTF_8).strip());
    } catch (IllegalArgumentException e) {
      throw new StoreException(
          file + " does not hold a token: delete it, and the next start creates a new one", e);
    }
  }

  private static byte[] random() {
    byte[] random = new byte[RANDOM_BYTES];
    new SecureRandom().nextBytes(random);
    return (Base64.getUrlEncoder().withoutPadding().encodeToString(random) + "\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** Whether the texts are the same. */
  boolean is(AdminToken other) {
    return MessageDigest.isEqual(text, other.text);
  }

  /** Whether this is the token. The time does not depend on how much of it is right. */
  boolean is(String candidate) {
    return MessageDigest.isEqual(text, candidate.getBytes(StandardCharsets.UTF_8));
  }
}
