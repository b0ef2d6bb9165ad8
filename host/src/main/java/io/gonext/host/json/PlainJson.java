package io.gonext.host.json;

import java.util.Arrays;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * Writes small values of the usual kinds as the library writes them, without the library's
 * generator, which costs more than such a value itself.
 */
final class PlainJson {
  private static final int FIRST_BYTES = 64;

  /** Deeper values are left to the library, which bounds the depth. */
  private static final int MAX_DEPTH = 32;

  private final int maxBytes;
  private byte[] bytes = new byte[FIRST_BYTES];
  private int length;

  private PlainJson(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /**
   * The value as compact UTF-8; null if it has more bytes, or a part that only the library writes:
   * a text with a character that is not written as itself in one byte, a number that is neither an
   * int nor a long, or something deep inside of others.
   */
  static byte @Nullable [] write(JsonNode value, int maxBytes) {
    PlainJson plain = new PlainJson(maxBytes);
    return plain.adds(value, 0) ? Arrays.copyOf(plain.bytes, plain.length) : null;
  }

  private boolean adds(JsonNode value, int depth) {
    return switch (value.getNodeType()) {
      case STRING -> addsText(value.stringValue());
      case NUMBER ->
          (value.isInt() || value.isLong()) && addsLatin1(Long.toString(value.longValue()));
      case BOOLEAN -> addsLatin1(value.booleanValue() ? "true" : "false");
      case NULL -> addsLatin1("null");
      case BINARY -> addsBase64(value.binaryValue());
      case OBJECT -> depth < MAX_DEPTH && addsObject(value, depth);
      case ARRAY -> depth < MAX_DEPTH && addsArray(value, depth);
      default -> false;
    };
  }

  private boolean addsObject(JsonNode object, int depth) {
    char before = '{';
    for (Map.Entry<String, JsonNode> field : object.properties()) {
      if (!adds(before)
          || !addsText(field.getKey())
          || !adds(':')
          || !adds(field.getValue(), depth + 1)) {
        return false;
      }
      before = ',';
    }
    return (before == ',' || adds('{')) && adds('}');
  }

  private boolean addsArray(JsonNode array, int depth) {
    char before = '[';
    for (JsonNode item : array) {
      if (!adds(before) || !adds(item, depth + 1)) {
        return false;
      }
      before = ',';
    }
    return (before == ',' || adds('[')) && adds(']');
  }

  private boolean addsText(String text) {
    int count = text.length();
    if (!fits(count + 2L)) {
      return false;
    }
    int at = length;
    bytes[at++] = '"';
    for (int i = 0; i < count; i++) {
      char c = text.charAt(i);
      if (c < ' ' || c > '~' || c == '"' || c == '\\') {
        return false;
      }
      bytes[at++] = (byte) c;
    }
    bytes[at++] = '"';
    length = at;
    return true;
  }

  private boolean addsLatin1(String text) {
    int count = text.length();
    if (!fits(count)) {
      return false;
    }
    for (int i = 0; i < count; i++) {
      bytes[length++] = (byte) text.charAt(i);
    }
    return true;
  }

  private boolean addsBase64(byte[] content) {
    long encoded = (content.length + 2L) / 3 * 4;
    if (!fits(encoded + 2)) {
      return false;
    }
    byte[] text = Base64.getEncoder().encode(content);
    bytes[length++] = '"';
    System.arraycopy(text, 0, bytes, length, text.length);
    length += text.length;
    bytes[length++] = '"';
    return true;
  }

  private boolean adds(char c) {
    if (!fits(1)) {
      return false;
    }
    bytes[length++] = (byte) c;
    return true;
  }

  /** Makes room for more bytes, unless that is too many. */
  private boolean fits(long more) {
    if (more > maxBytes - length) {
      return false;
    }
    int needed = length + (int) more;
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(maxBytes, Math.max(needed, 2L * bytes.length)));
    }
    return true;
  }
}
