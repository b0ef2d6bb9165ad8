package io.gonext.dashboard;

import java.nio.charset.StandardCharsets;
import java.security.InvalidKeyException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Makes identifiers that cannot be guessed, and the keys that a page carries: one for its forms and
 * one for its live updates. Such a key belongs to one browser and one visitor, and a page of
 * another origin cannot read it. Valid until the dashboard is closed.
 *
 * <p>Thread-safe.
 */
final class Keys {
  private static final int BYTES = 32;
  private static final String ALGORITHM = "HmacSHA256";

  private final SecureRandom random;
  private final SecretKeySpec secret;

  Keys(SecureRandom random) {
    this.random = random;
    this.secret = new SecretKeySpec(bytes(random), ALGORITHM);
  }

  private static byte[] bytes(SecureRandom random) {
    byte[] bytes = new byte[BYTES];
    random.nextBytes(bytes);
    return bytes;
  }

  /** A new identifier, ASCII. */
  String identifier() {
    return text(bytes(random));
  }

  /** The key of a browser's forms. */
  String forForms(String browser, Visitor visitor) {
    return key("forms", browser, visitor);
  }

  /** The key of a browser's live updates. It is part of a URL, so it is another one. */
  String forLive(String browser, Visitor visitor) {
    return key("live", browser, visitor);
  }

  /** Whether a text is a key. The time does not depend on how much of it is right. */
  static boolean isSame(String key, String candidate) {
    return MessageDigest.isEqual(
        key.getBytes(StandardCharsets.UTF_8), candidate.getBytes(StandardCharsets.UTF_8));
  }

  private String key(String use, String browser, Visitor visitor) {
    String text = use + "\n" + browser + "\n" + visitor.mayChange() + "\n" + visitor.name();
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(secret);
      return text(mac.doFinal(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException | InvalidKeyException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String text(byte[] bytes) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
  }
}
