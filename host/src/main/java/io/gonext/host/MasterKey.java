package io.gonext.host;

import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;

/**
 * The key that protects the secrets of all plugins: AES, 256 bits. All hosts on one database need
 * the same one. Immutable; its text shows nothing of it.
 */
public final class MasterKey {
  private static final int BYTES = 32;

  private final SecretKey secretKey;

  private MasterKey(byte[] bytes) {
    this.secretKey = new SecretKeySpec(bytes, "AES");
  }

  /**
   * A key from its 32 bytes.
   *
   * @throws IllegalArgumentException if there are more or fewer
   */
  public static MasterKey of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException("a master key has " + BYTES + " bytes");
    }
    return new MasterKey(bytes);
  }

  /**
   * A key from its text: 32 bytes in base64, as {@code openssl rand -base64 32} prints them.
   *
   * @throws IllegalArgumentException if it is not one; the message does not repeat the text
   */
  public static MasterKey parse(String text) {
    try {
      return of(Base64.getDecoder().decode(text.strip()));
    } catch (IllegalArgumentException e) {
      // The decoder's message may repeat a character of the key.
      throw new IllegalArgumentException(
          "a master key is 32 bytes in base64: make one with openssl rand -base64 32");
    }
  }

  /** A new key, from a cryptographically strong source. */
  public static MasterKey random() {
    byte[] bytes = new byte[BYTES];
    new SecureRandom().nextBytes(bytes);
    return new MasterKey(bytes);
  }

  /** For encryption and decryption. */
  public SecretKey secretKey() {
    return secretKey;
  }

  @Override
  public String toString() {
    return "master key";
  }
}
