package io.gonext.host.internal.service.secrets;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * AES-256-GCM with a random nonce of 96 bits in front of the ciphertext, and a tag of 128 bits
 * behind it.
 */
final class Aead {
  static final int KEY_BYTES = 32;

  private static final String CIPHER = "AES/GCM/NoPadding";
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BITS = 128;
  private static final SecureRandom RANDOM = new SecureRandom();

  private Aead() {}

  static byte[] randomKey() {
    byte[] key = new byte[KEY_BYTES];
    RANDOM.nextBytes(key);
    return key;
  }

  static SecretKey key(byte[] bytes) {
    return new SecretKeySpec(bytes, "AES");
  }

  /**
   * @param purpose what the text is for; it cannot be decrypted for another purpose
   */
  static byte[] encrypt(SecretKey key, byte[] text, String purpose) {
    byte[] nonce = new byte[NONCE_BYTES];
    RANDOM.nextBytes(nonce);
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, nonce));
      cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
      byte[] encrypted = Arrays.copyOf(nonce, NONCE_BYTES + cipher.getOutputSize(text.length));
      cipher.doFinal(text, 0, text.length, encrypted, NONCE_BYTES);
      return encrypted;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + CIPHER, e);
    }
  }

  /**
   * @throws AEADBadTagException if the key or the purpose is another, or the bytes were changed
   */
  static byte[] decrypt(SecretKey key, byte[] encrypted, String purpose)
      throws AEADBadTagException {
    if (encrypted.length < NONCE_BYTES + TAG_BITS / 8) {
      throw new AEADBadTagException("too short");
    }
    try {
      Cipher cipher = Cipher.getInstance(CIPHER);
      cipher.init(
          Cipher.DECRYPT_MODE, key, new GCMParameterSpec(TAG_BITS, encrypted, 0, NONCE_BYTES));
      cipher.updateAAD(purpose.getBytes(StandardCharsets.UTF_8));
      return cipher.doFinal(encrypted, NONCE_BYTES, encrypted.length - NONCE_BYTES);
    } catch (AEADBadTagException e) {
      throw e;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this Java runtime has no " + CIPHER, e);
    }
  }
}
