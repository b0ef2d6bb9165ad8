package io.gonext.host.internal.service.secrets;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import javax.crypto.AEADBadTagException;
import javax.crypto.SecretKey;

/**
 * The key that wraps the data key of each plugin. All hosts on one database need the same one. Its
 * text shows nothing of it.
 */
public final class MasterKey {
  private static final String CHECK = "gonext master key check v1";

  private final SecretKey key;

  private MasterKey(SecretKey key) {
    this.key = key;
  }

  /**
   * A key from its 32 bytes.
   *
   * @throws IllegalArgumentException if there are more or fewer
   */
  public static MasterKey of(byte[] bytes) {
    if (bytes.length != Aead.KEY_BYTES) {
      throw new IllegalArgumentException("a master key has " + Aead.KEY_BYTES + " bytes");
    }
    return new MasterKey(Aead.key(bytes));
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
      // Its own message may repeat a character of the key.
      throw new IllegalArgumentException(
          "a master key is 32 bytes in base64: make one with openssl rand -base64 32");
    }
  }

  /** A key that nobody has. */
  public static MasterKey random() {
    return of(Aead.randomKey());
  }

  byte[] wrap(String plugin, byte[] dataKey) {
    return Aead.encrypt(key, dataKey, "data key of " + plugin);
  }

  byte[] unwrap(String plugin, byte[] wrapped) throws AEADBadTagException {
    return Aead.decrypt(key, wrapped, "data key of " + plugin);
  }

  /** A known text that shows to whom has this key that it is the one. */
  byte[] check() {
    return Aead.encrypt(key, CHECK.getBytes(StandardCharsets.UTF_8), CHECK);
  }

  /** Whether this key made a check. */
  boolean made(byte[] check) {
    try {
      Aead.decrypt(key, check, CHECK);
      return true;
    } catch (AEADBadTagException e) {
      return false;
    }
  }

  @Override
  public String toString() {
    return "master key";
  }
}
