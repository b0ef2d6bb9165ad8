package io.gonext.engine;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Keeps secrets out of what is recorded: each byte of a secret becomes a mark. A secret that is
 * encoded in another way is not found.
 *
 * <p>Not thread-safe.
 */
public final class SecretMarks {
  private static final byte MARK = '*';

  private final List<byte[]> secrets = new ArrayList<>();

  /** Marks out this secret from now on. The array is copied. */
  public void add(byte[] secret) {
    if (secret.length > 0) {
      secrets.add(secret.clone());
    }
  }

  /** The same array if there are no secrets, else a copy with the secrets marked out. */
  public byte[] markedOut(byte[] bytes) {
    if (secrets.isEmpty()) {
      return bytes;
    }
    byte[] copy = bytes.clone();
    for (byte[] secret : secrets) {
      for (int at = 0; at + secret.length <= bytes.length; at++) {
        if (Arrays.equals(bytes, at, at + secret.length, secret, 0, secret.length)) {
          Arrays.fill(copy, at, at + secret.length, MARK);
        }
      }
    }
    return copy;
  }

  /** The text with the secrets marked out. */
  public String markedOut(String text) {
    return new String(markedOut(text.getBytes(StandardCharsets.UTF_8)), StandardCharsets.UTF_8);
  }

  boolean isEmpty() {
    return secrets.isEmpty();
  }
}
