package io.gonext.host.trust;

import java.util.Base64;
import java.util.Optional;

/** Base64 with padding, where each value has one text (RFC 4648, section 3.5). */
final class StrictBase64 {
  private StrictBase64() {}

  /** The bytes of a text, or empty if it is not the base64 of any. */
  static Optional<byte[]> decode(String text) {
    try {
      byte[] bytes = Base64.getDecoder().decode(text);
      // The JDK's decoder ignores the unused bits of the last digit.
      return encode(bytes).equals(text) ? Optional.of(bytes) : Optional.empty();
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  static String encode(byte[] bytes) {
    return Base64.getEncoder().encodeToString(bytes);
  }
}
