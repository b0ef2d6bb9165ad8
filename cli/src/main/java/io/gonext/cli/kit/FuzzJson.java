package io.gonext.cli.kit;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Random JSON, and random changes of JSON. The same random numbers make the same.
 *
 * @param words that are likely to mean something to the plugin: names of fields, texts
 */
record FuzzJson(List<String> words) {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final int MAX_DEPTH = 4;
  private static final int MAX_TEXT = 2_000;

  /** Numbers at which programs go wrong. */
  private static final double[] FRACTIONS = {
    0.5, -0.5, 0.1, 1e21, -1e21, 1e300, Double.MIN_VALUE, Double.MAX_VALUE
  };

  private static final long[] INTEGERS = {
    0,
    1,
    -1,
    2,
    7,
    10,
    100,
    127,
    128,
    255,
    256,
    32_767,
    65_536,
    Integer.MAX_VALUE,
    Integer.MIN_VALUE,
    1L + Integer.MAX_VALUE,
    (1L << 53) + 1,
    Long.MAX_VALUE,
    Long.MIN_VALUE
  };

  /** Texts at which programs go wrong. */
  private static final String[] TEXTS = {
    "",
    " ",
    "0",
    "-1",
    "null",
    "true",
    "\"",
    "\\",
    "'",
    "<b>&amp;</b>",
    "%",
    "%s%n",
    "..",
    "a/b",
    "\n",
    "\u0000",
    "\u00e4\u00f6",
    "e\u0301",
    "\ud83d\ude00",
    "\u202e",
    "\ufeff",
    "\uffff",
    "2026-02-30T25:61:00Z",
    "https://example.com/?q=1#f",
    "a@example.com"
  };

  FuzzJson {
    words = List.copyOf(words);
  }

  /** A value of any kind. */
  JsonNode value(RandomGenerator random) {
    return value(random, 0);
  }

  private JsonNode value(RandomGenerator random, int depth) {
    int kind = random.nextInt(depth >= MAX_DEPTH ? 8 : 12);
    return switch (kind) {
      case 0 -> NODES.nullNode();
      case 1 -> NODES.booleanNode(random.nextBoolean());
      case 2, 3 -> number(random);
      case 4, 5, 6, 7 -> NODES.stringNode(text(random));
      case 8, 9 -> array(random, depth + 1);
      default -> object(random, depth + 1);
    };
  }

  private ArrayNode array(RandomGenerator random, int depth) {
    ArrayNode array = NODES.arrayNode();
    for (int i = size(random); i > 0; i--) {
      array.add(value(random, depth));
    }
    return array;
  }

  /** An object. */
  ObjectNode object(RandomGenerator random) {
    return object(random, 1);
  }

  private ObjectNode object(RandomGenerator random, int depth) {
    ObjectNode object = NODES.objectNode();
    for (int i = size(random); i > 0; i--) {
      object.set(name(random), value(random, depth));
    }
    return object;
  }

  private static int size(RandomGenerator random) {
    return random.nextInt(12) == 0 ? random.nextInt(60) : random.nextInt(5);
  }

  private String name(RandomGenerator random) {
    return !words.isEmpty() && random.nextInt(4) > 0
        ? words.get(random.nextInt(words.size()))
        : text(random);
  }

  private static JsonNode number(RandomGenerator random) {
    return switch (random.nextInt(4)) {
      case 0 -> NODES.numberNode(INTEGERS[random.nextInt(INTEGERS.length)]);
      case 1 -> NODES.numberNode(FRACTIONS[random.nextInt(FRACTIONS.length)]);
      case 2 -> NODES.numberNode(random.nextLong());
      default -> NODES.numberNode(random.nextInt(-20, 200));
    };
  }

  /** A text that is valid UTF-16. */
  String text(RandomGenerator random) {
    return switch (random.nextInt(6)) {
      case 0, 1 -> TEXTS[random.nextInt(TEXTS.length)];
      case 2 -> words.isEmpty() ? "a" : words.get(random.nextInt(words.size()));
      case 3 -> characters(random, random.nextInt(12));
      case 4 -> TEXTS[random.nextInt(TEXTS.length)] + characters(random, random.nextInt(6));
      default ->
          random.nextInt(6) == 0
              ? characters(random, random.nextInt(MAX_TEXT))
              : Integer.toString(random.nextInt(-10, 1_000));
    };
  }

  private static String characters(RandomGenerator random, int length) {
    StringBuilder text = new StringBuilder();
    boolean plain = random.nextInt(4) > 0;
    for (int i = 0; i < length; i++) {
      int point = plain ? random.nextInt(' ', 0x7f) : random.nextInt(0x2_0000);
      text.appendCodePoint(point >= 0xd800 && point < 0xe000 ? '?' : point);
    }
    return text.toString();
  }

  /** A copy with one to three changes. */
  JsonNode changed(JsonNode json, RandomGenerator random) {
    JsonNode copy = json;
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      copy = changedOnce(copy, random);
    }
    return copy;
  }

  private JsonNode changedOnce(JsonNode json, RandomGenerator random) {
    if (json.isContainer() && !json.isEmpty() && random.nextInt(5) > 0) {
      return changedWithin(json, random);
    }
    if (json.isString() && random.nextInt(3) > 0) {
      return NODES.stringNode(changedText(json.asString(""), random));
    }
    if (json.isNumber() && random.nextInt(3) > 0) {
      return number(random);
    }
    return json.isObject() && random.nextInt(3) > 0 ? object(random) : value(random);
  }

  private JsonNode changedWithin(JsonNode json, RandomGenerator random) {
    int at = random.nextInt(json.size());
    if (json instanceof ObjectNode object) {
      ObjectNode copy = object.deepCopy();
      String name = List.copyOf(object.propertyNames()).get(at);
      switch (random.nextInt(8)) {
        case 0 -> copy.remove(name);
        case 1 -> copy.set(name(random), value(random, 2));
        default -> copy.set(name, changedOnce(object.path(name), random));
      }
      return copy;
    }
    List<JsonNode> items = new ArrayList<>(json.valueStream().toList());
    switch (random.nextInt(8)) {
      case 0 -> items.remove(at);
      case 1 -> items.add(at, value(random, 2));
      case 2 -> items.addAll(List.copyOf(items.subList(0, Math.min(items.size(), 100))));
      default -> items.set(at, changedOnce(items.get(at), random));
    }
    ArrayNode array = NODES.arrayNode();
    items.forEach(array::add);
    return array;
  }

  private String changedText(String text, RandomGenerator random) {
    if (text.isEmpty()) {
      return text(random);
    }
    int at = text.offsetByCodePoints(0, random.nextInt(text.codePointCount(0, text.length()) + 1));
    return switch (random.nextInt(5)) {
      case 0 -> text.substring(0, at);
      case 1 -> text.substring(at);
      case 2 -> text.length() > MAX_TEXT ? text : text + text;
      case 3 -> text.substring(0, at) + text(random) + text.substring(at);
      default -> text(random);
    };
  }
}
