package io.gonext.host;

import io.gonext.engine.PlainText;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** A block of bytes for people: text in quotes, JSON with its long parts cut, or hexadecimal. */
final class ShortBytes {
  /** The most characters of one block. */
  static final int MAX_CHARS = 200;

  private static final int MAX_JSON_BYTES = 256 * 1024;
  private static final int MAX_TEXT_BYTES = 4 * MAX_CHARS;
  private static final int MAX_HEX_BYTES = 32;
  private static final int MAX_STRING = 40;
  private static final int MAX_ELEMENTS = 4;

  private ShortBytes() {}

  static String of(byte[] bytes) {
    if (bytes.length > 1 && bytes.length <= MAX_JSON_BYTES && isBracket(bytes[0])) {
      try {
        return plain(text(StrictJson.write(shorter(StrictJson.parse(bytes)))));
      } catch (InvalidJsonException e) {
        // Then it is text that only looks like JSON.
        return quoted(bytes);
      }
    }
    return quoted(bytes);
  }

  private static boolean isBracket(byte first) {
    return first == '{' || first == '[';
  }

  private static String quoted(byte[] bytes) {
    byte[] first = Arrays.copyOf(bytes, Math.min(bytes.length, MAX_TEXT_BYTES));
    String more = bytes.length > first.length ? "..." : "";
    if (isText(first, bytes.length > first.length)) {
      return "\"" + plain(text(first).replace("\\", "\\\\").replace("\"", "\\\"")) + more + "\"";
    }
    byte[] few = Arrays.copyOf(bytes, Math.min(bytes.length, MAX_HEX_BYTES));
    return "0x" + HexFormat.of().formatHex(few) + (bytes.length > few.length ? "..." : "");
  }

  private static boolean isText(byte[] bytes, boolean isCut) {
    // A cut may have split the last character.
    for (int rest = 0; rest < (isCut ? 4 : 1) && rest <= bytes.length; rest++) {
      if (isUtf8(ByteBuffer.wrap(bytes, 0, bytes.length - rest))) {
        return text(bytes)
            .codePoints()
            .noneMatch(c -> c < ' ' && c != '\n' && c != '\t' && c != '\r');
      }
    }
    return false;
  }

  private static boolean isUtf8(ByteBuffer bytes) {
    try {
      var _ = StandardCharsets.UTF_8.newDecoder().decode(bytes);
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private static String text(byte[] utf8) {
    return new String(utf8, StandardCharsets.UTF_8);
  }

  /** One harmless line. */
  static String plain(String text) {
    return PlainText.of(text.replace("\t", "\\t"), MAX_CHARS);
  }

  private static JsonNode shorter(JsonNode value) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> field : object.properties()) {
          copy.set(field.getKey(), shorter(field.getValue()));
        }
        yield copy;
      }
      case ArrayNode array -> {
        ArrayNode copy = JsonNodeFactory.instance.arrayNode();
        array.valueStream().limit(MAX_ELEMENTS).forEach(element -> copy.add(shorter(element)));
        if (array.size() > MAX_ELEMENTS) {
          copy.add("and " + (array.size() - MAX_ELEMENTS) + " more");
        }
        yield copy;
      }
      default ->
          value.isString() && value.stringValue().length() > MAX_STRING
              ? JsonNodeFactory.instance.stringNode(cut(value.stringValue()))
              : value;
    };
  }

  private static String cut(String text) {
    int end = Character.isHighSurrogate(text.charAt(MAX_STRING - 1)) ? MAX_STRING - 1 : MAX_STRING;
    return text.substring(0, end) + "... (" + text.length() + " characters)";
  }
}
