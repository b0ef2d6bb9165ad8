package io.gonext.host.json;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.exc.StreamConstraintsException;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.BufferRecycler;
import tools.jackson.core.util.JsonRecyclerPools;
import tools.jackson.core.util.RecyclerPool;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NumericNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.ValueNode;
import tools.jackson.databind.type.TypeFactory;

/**
 * JSON of an untrusted sender: strict UTF-8, one value, no duplicate keys, bounded depth and
 * numbers. Numbers keep their exact decimal value on the way through the host, and zero its sign;
 * what is written may have another notation ({@code 1E+2} for {@code 1e2}).
 *
 * <p>Thread-safe.
 */
public final class StrictJson {
  /** Deepest nesting accepted: far beyond any real payload, far from the end of the stack. */
  public static final int MAX_DEPTH = 128;

  /** Longest number accepted, in characters: parsing a number costs more than linear time. */
  public static final int MAX_NUMBER_LENGTH = 256;

  /**
   * Most digits of a number with a fraction or an exponent: what writes it may need a sign, a
   * point, zeros and an exponent besides, and whatever was read here is to be read wherever it is
   * written.
   */
  public static final int MAX_DECIMAL_DIGITS = MAX_NUMBER_LENGTH - 16;

  /** Most digits on each side of a number's decimal point: as many as a double may have. */
  private static final int MAX_PLAIN_DIGITS = 400;

  private static final JsonNodeFactory NODES = new BoundedNumbers();

  private static final JsonMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(MAX_DEPTH)
                          .maxNumberLength(MAX_NUMBER_LENGTH)
                          .build())
                  .recyclerPool(new Buffers())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .nodeFactory(NODES)
          .build();

  /** See {@link #mapper}. */
  private static final ClassValue<JsonMapper> OTHERS =
      new ClassValue<>() {
        @Override
        protected JsonMapper computeValue(Class<?> type) {
          return MAPPER.rebuild().typeFactory(new TypeFactory()).build();
        }
      };

  /** Where a message of the library names one of its options. */
  private static final Pattern LIBRARY_OPTION =
      Pattern.compile(": enable `[^`]*` to allow|, from `[^`]*`");

  private static final char BYTE_ORDER_MARK = '\uFEFF';

  /** The same mark, as it stands in UTF-16. */
  private static final byte[] UTF_16_BIG = {(byte) 0xFE, (byte) 0xFF};

  private static final byte[] UTF_16_LITTLE = {(byte) 0xFF, (byte) 0xFE};

  /** Most digits of a long. */
  private static final int LONG_DIGITS = 19;

  /** Java values below this depth are left to the library, which bounds the depth. */
  private static final int MAX_PLAIN_DEPTH = 32;

  /** The longest array that every JVM makes. */
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private StrictJson() {}

  /**
   * Where the library takes its buffers from. A pool for all threads costs more than a short value,
   * and a pool for each thread is of no use to virtual threads, which end soon.
   */
  private static final class Buffers implements RecyclerPool<BufferRecycler> {
    private static final long serialVersionUID = 1L;

    private static RecyclerPool<BufferRecycler> pool() {
      return Thread.currentThread().isVirtual()
          ? JsonRecyclerPools.sharedConcurrentDequePool()
          : JsonRecyclerPools.threadLocalPool();
    }

    @Override
    public BufferRecycler acquireAndLinkPooled() {
      return pool().acquireAndLinkPooled();
    }

    @Override
    public BufferRecycler acquirePooled() {
      return pool().acquirePooled();
    }

    @Override
    public void releasePooled(BufferRecycler buffers) {
      pool().releasePooled(buffers);
    }
  }

  private static final class BoundedNumbers extends JsonNodeFactory {
    private static final long serialVersionUID = 1L;

    @Override
    public ValueNode numberNode(@Nullable BigDecimal number) {
      if (number != null && number.precision() > MAX_DECIMAL_DIGITS) {
        throw new StreamConstraintsException(
            "a number with a fraction or an exponent has more than "
                + MAX_DECIMAL_DIGITS
                + " digits");
      }
      return super.numberNode(number);
    }
  }

  /** Reads one JSON value. */
  public static JsonNode parse(byte[] utf8) throws InvalidJsonException {
    if (isAscii(utf8)) {
      return parse(MAPPER.createParser(utf8));
    }
    if (startsWith(utf8, UTF_16_BIG) || startsWith(utf8, UTF_16_LITTLE)) {
      throw new InvalidJsonException(
          "it begins with the byte order mark of UTF-16: save it as UTF-8, without such a mark");
    }
    CharBuffer text;
    try {
      // Decoded here, since Jackson would guess UTF-16 or UTF-32 from the first bytes.
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
    } catch (CharacterCodingException e) {
      throw new InvalidJsonException("not valid UTF-8");
    }
    if (!text.isEmpty() && text.charAt(0) == BYTE_ORDER_MARK) {
      throw new InvalidJsonException(
          "it begins with a byte order mark (U+FEFF): save it as UTF-8 without one");
    }
    return parse(
        MAPPER.createParser(text.array(), text.arrayOffset() + text.position(), text.remaining()));
  }

  private static boolean startsWith(byte[] bytes, byte[] mark) {
    return bytes.length >= mark.length
        && Arrays.equals(bytes, 0, mark.length, mark, 0, mark.length);
  }

  /** Whether there is nothing to guess: no byte that is part of a longer character, and no NUL. */
  private static boolean isAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b <= 0) {
        return false;
      }
    }
    return true;
  }

  private static JsonNode parse(JsonParser opened) throws InvalidJsonException {
    try (JsonParser parser = opened) {
      if (parser.nextToken() == null) {
        throw new InvalidJsonException("empty");
      }
      JsonNode value = tree(parser);
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
      throw new InvalidJsonException(plain(e.getOriginalMessage()) + where);
    } catch (NumberFormatException e) {
      // The library's own, from deep inside, where an exponent has more digits than an int.
      throw new InvalidJsonException("a number with an exponent that is too large");
    }
  }

  /**
   * A message of the library without what only its own developers understand: names of its options
   * and tokens, and codes of characters.
   */
  private static String plain(String message) {
    if (message.startsWith("Unexpected end-of-input")) {
      return "it ends in the middle of a value";
    }
    if (message.contains("(non-standard) comment")
        || message.startsWith("Unexpected character ('#'")) {
      return "a comment, which JSON does not have";
    }
    String shown =
        LIBRARY_OPTION
            .matcher(message)
            .replaceAll("")
            .replaceAll("\\(\\(CTRL-CHAR, code (\\d+)\\)\\)", "with code $1")
            .replaceAll(" \\(code \\d+\\)", "");
    return shown.startsWith("Non-standard token '") ? shown + " is not valid in JSON" : shown;
  }

  /**
   * The value that begins at the parser's token. The library's own reader of trees loses the sign
   * of a zero.
   */
  private static JsonNode tree(JsonParser parser) {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        ObjectNode object = NODES.objectNode();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          object.set(name, tree(parser));
        }
        yield object;
      }
      case START_ARRAY -> {
        ArrayNode array = NODES.arrayNode();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          array.add(tree(parser));
        }
        yield array;
      }
      case VALUE_STRING -> NODES.stringNode(parser.getString());
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT -> {
              int number = parser.getIntValue();
              yield number == 0 ? zero(parser, NODES.numberNode(0)) : NODES.numberNode(number);
            }
            case LONG -> NODES.numberNode(parser.getLongValue());
            default -> NODES.numberNode(parser.getBigIntegerValue());
          };
      case VALUE_NUMBER_FLOAT -> {
        BigDecimal number = parser.getDecimalValue();
        JsonNode node = NODES.numberNode(number);
        yield number.signum() == 0 ? zero(parser, node) : node;
      }
      case VALUE_TRUE -> NODES.booleanNode(true);
      case VALUE_FALSE -> NODES.booleanNode(false);
      case VALUE_NULL -> NODES.nullNode();
      default ->
          throw new IllegalStateException("no JSON value begins with " + parser.currentToken());
    };
  }

  /** Decimals have no negative zero, doubles do. */
  private static JsonNode zero(JsonParser parser, JsonNode positive) {
    return parser.getString().startsWith("-") ? NODES.numberNode(-0.0) : positive;
  }

  /**
   * The integer that a number is, however it is written: {@code 200}, {@code 200.0} and {@code 2e2}
   * are the same. Empty for every other value: a number with a fraction, one that does not fit a
   * long, what is not a number, and null. Takes bounded time, whatever the exponent.
   */
  public static OptionalLong integer(@Nullable JsonNode value) {
    if (value == null) {
      return OptionalLong.empty();
    }
    if (value.isInt() || value.isLong()) {
      return OptionalLong.of(value.longValue());
    }
    if (!(value instanceof NumericNode numeric) || numeric.isNaN()) {
      return OptionalLong.empty();
    }
    BigDecimal number = numeric.decimalValue();
    if (number.signum() == 0) {
      return OptionalLong.of(0);
    }
    // Digits before the point; in a long, since a scale may be near the limits of an int. What has
    // many zeros before the point is too large, and what has none is a fraction.
    long digits = (long) number.precision() - number.scale();
    if (digits < 1 || digits > LONG_DIGITS) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(number.longValueExact());
    } catch (ArithmeticException e) {
      return OptionalLong.empty();
    }
  }

  /** Whether a number can be written without an exponent in at most a line or two. */
  private static boolean isInRangeOfDouble(NumericNode number) {
    if (number.isNaN()) {
      return false;
    }
    long scale = number.decimalValue().scale();
    long precision = number.decimalValue().precision();
    return Math.abs(scale) <= MAX_PLAIN_DIGITS && precision - scale <= MAX_PLAIN_DIGITS;
  }

  /**
   * The JSON pointers of the numbers in a value that are not in the range of a double, in order. A
   * library that writes exponents out would need any amount of memory for them.
   */
  public static List<String> numbersOutOfRange(JsonNode value) {
    List<String> pointers = new ArrayList<>();
    addOutOfRange(value, "", pointers);
    return pointers;
  }

  private static void addOutOfRange(JsonNode value, String pointer, List<String> pointers) {
    if (value instanceof NumericNode number && !isInRangeOfDouble(number)) {
      pointers.add(pointer);
    }
    value
        .properties()
        .forEach(field ->
            addOutOfRange(field.getValue(), JsonPointers.child(pointer, field.getKey()), pointers));
    if (value.isArray()) {
      int i = 0;
      for (JsonNode item : value) {
        addOutOfRange(item, pointer + "/" + i++, pointers);
      }
    }
  }

  /** A copy where each integer is one however it was written: {@code 2e2} becomes 200. */
  public static JsonNode withPlainIntegers(JsonNode value) {
    return switch (value) {
      case ObjectNode object -> {
        ObjectNode copy = JsonNodeFactory.instance.objectNode();
        object
            .properties()
            .forEach(field -> copy.set(field.getKey(), withPlainIntegers(field.getValue())));
        yield copy;
      }
      case NumericNode number -> {
        OptionalLong integer = integer(number);
        yield integer.isPresent()
            ? JsonNodeFactory.instance.numberNode(integer.getAsLong())
            : number;
      }
      case ArrayNode array -> {
        ArrayNode copy = JsonNodeFactory.instance.arrayNode();
        array.forEach(item -> copy.add(withPlainIntegers(item)));
        yield copy;
      }
      default -> value;
    };
  }

  /** The value as compact UTF-8. */
  public static byte[] write(JsonNode value) {
    byte[] plain = PlainJson.write(value, MAX_ARRAY);
    return plain == null ? MAPPER.writeValueAsBytes(value) : plain;
  }

  /** As {@link #write(JsonNode)}; null when it would have more than a number of bytes. */
  public static byte @Nullable [] write(JsonNode value, int maxBytes) {
    if (value.isString() && value.stringValue().length() > maxBytes) {
      return null;
    }
    byte[] plain = PlainJson.write(value, maxBytes);
    if (plain != null) {
      return plain;
    }
    BoundedBytes bytes = new BoundedBytes(maxBytes);
    try {
      MAPPER.writeValue(bytes, value);
    } catch (JacksonException e) {
      if (bytes.overflowed) {
        return null;
      }
      throw e;
    }
    return bytes.toByteArray();
  }

  /** Fails at the first byte too many, so that a large value is not written out. */
  private static final class BoundedBytes extends OutputStream {
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final int maxBytes;
    private boolean overflowed;

    BoundedBytes(int maxBytes) {
      this.maxBytes = maxBytes;
    }

    @Override
    public void write(int b) throws IOException {
      require(1);
      written.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      require(length);
      written.write(bytes, offset, length);
    }

    private void require(int more) throws IOException {
      overflowed |= more > maxBytes - written.size();
      if (overflowed) {
        throw new IOException("more than " + maxBytes + " bytes");
      }
    }

    byte[] toByteArray() {
      return written.toByteArray();
    }
  }

  /**
   * A Java value (text, number, boolean, list, map, record, or a {@link JsonNode} itself) as JSON.
   *
   * @throws IllegalArgumentException when the value has no JSON form
   */
  public static JsonNode valueOf(Object value) {
    return valueOf(value, 0);
  }

  private static JsonNode valueOf(Object value, int depth) {
    return switch (value) {
      case JsonNode node -> node;
      // The usual ones, without the detour through tokens.
      case String text -> JsonNodeFactory.instance.stringNode(text);
      case Integer number -> JsonNodeFactory.instance.numberNode(number.intValue());
      case Long number -> JsonNodeFactory.instance.numberNode(number.longValue());
      case Boolean flag -> JsonNodeFactory.instance.booleanNode(flag);
      case Map<?, ?> map when depth < MAX_PLAIN_DEPTH && isOfJdk(map) -> objectOf(map, depth);
      case List<?> list when depth < MAX_PLAIN_DEPTH && isOfJdk(list) -> arrayOf(list, depth);
      default -> treeOf(value);
    };
  }

  /** Whether no annotation of the class can change how the library writes its values. */
  private static boolean isOfJdk(Object value) {
    return value.getClass().getClassLoader() == null;
  }

  private static JsonNode objectOf(Map<?, ?> map, int depth) {
    ObjectNode object = NODES.objectNode();
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String key)) {
        return treeOf(map);
      }
      object.set(key, childOf(entry.getValue(), depth));
    }
    return object;
  }

  private static JsonNode arrayOf(List<?> list, int depth) {
    ArrayNode array = NODES.arrayNode(list.size());
    for (Object item : list) {
      array.add(childOf(item, depth));
    }
    return array;
  }

  private static JsonNode childOf(@Nullable Object value, int depth) {
    return value == null ? NODES.nullNode() : valueOf(value, depth + 1);
  }

  /**
   * A mapper remembers the classes of its values. Those of another class loader, such as the one
   * that Spring Boot's DevTools drop at each restart, would never end: so a class of another loader
   * has a mapper of its own, which ends with it.
   */
  private static JsonMapper mapper(Class<?> type) {
    ClassLoader loader = type.getClassLoader();
    return loader == null || loader.equals(StrictJson.class.getClassLoader())
        ? MAPPER
        : OTHERS.get(type);
  }

  private static JsonNode treeOf(Object value) {
    try {
      return mapper(value.getClass()).valueToTree(value);
    } catch (JacksonException e) {
      throw new IllegalArgumentException("no JSON: " + e.getOriginalMessage(), e);
    }
  }
}
