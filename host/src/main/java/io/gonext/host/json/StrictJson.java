package io.gonext.host.json;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * JSON of an untrusted sender: strict UTF-8, one value, no duplicate keys, bounded depth and
 * numbers. Numbers keep their exact decimal value on the way through the host.
 *
 * <p>Thread-safe.
 */
public final class StrictJson {
  /** Deepest nesting accepted: far beyond any real payload, far from the end of the stack. */
  public static final int MAX_DEPTH = 128;

  /** Longest number accepted, in characters: parsing a number costs more than linear time. */
  public static final int MAX_NUMBER_LENGTH = 256;

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  private StrictJson() {}

  /** Reads one JSON value. */
  public static JsonNode parse(byte[] utf8) throws InvalidJsonException {
    CharBuffer text;
    try {
      // Decoded here, since Jackson would guess UTF-16 or UTF-32 from the first bytes.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
    } catch (CharacterCodingException e) {
      throw new InvalidJsonException("not valid UTF-8");
    }
    try (JsonParser parser =
        MAPPER.createParser(text.array(), text.arrayOffset() + text.position(), text.remaining())) {
      JsonNode value = MAPPER.readTree(parser);
      if (value == null || value.isMissingNode()) {
        throw new InvalidJsonException("empty");
      }
      if (parser.nextToken() != null) {
        throw new InvalidJsonException("text after the end of the value");
      }
      return value;
    } catch (JacksonException e) {
      TokenStreamLocation at = e.getLocation();
      String where =
          at == null || at.getLineNr() < 1
              ? ""
              : " (line " + at.getLineNr() + ", column " + at.getColumnNr() + ")";
      throw new InvalidJsonException(e.getOriginalMessage() + where);
    } catch (NumberFormatException e) {
      // The library's own, from deep inside, where an exponent has more digits than an int.
      throw new InvalidJsonException("a number with an exponent that is too large");
    }
  }

  /** The value as compact UTF-8. */
  public static byte[] write(JsonNode value) {
    return MAPPER.writeValueAsBytes(value);
  }

  /**
   * A Java value (text, number, boolean, list, map, record, or a {@link JsonNode} itself) as JSON.
   *
   * @throws IllegalArgumentException when the value has no JSON form
   */
  public static JsonNode valueOf(Object value) {
    return value instanceof JsonNode node ? node : MAPPER.valueToTree(value);
  }
}
