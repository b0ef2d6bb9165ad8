package io.gonext.cli.kit;

import io.gonext.host.json.StrictJson;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes the input of a call smaller while it still shows what was found: delta debugging on JSON
 * (Zeller and Hildebrandt, 2002), from large parts to small ones.
 */
final class FuzzShrinker {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final Test test;
  private int attempts;

  /** Whether a call shows what was found. */
  @FunctionalInterface
  interface Test {
    boolean shows(FuzzCall call) throws InterruptedException;
  }

  /**
   * @param attempts that are made at most
   */
  FuzzShrinker(Test test, int attempts) {
    this.test = test;
    this.attempts = attempts;
  }

  /** A call with an input that is as small as was found. */
  FuzzCall shrunk(FuzzCall call) throws InterruptedException {
    FuzzCall best = call;
    boolean better = true;
    while (better && attempts > 0) {
      better = false;
      for (ObjectNode candidate : candidates(best.input())) {
        FuzzCall smaller = new FuzzCall(best.target(), candidate);
        if (!smaller.isWellFormed() || size(candidate) >= size(best.input())) {
          continue;
        }
        if (attempts-- <= 0) {
          break;
        }
        if (test.shows(smaller)) {
          best = smaller;
          better = true;
          break;
        }
      }
    }
    return best;
  }

  private static int size(JsonNode json) {
    return StrictJson.write(json).length;
  }

  private static List<ObjectNode> candidates(ObjectNode input) {
    List<ObjectNode> whole = new ArrayList<>();
    for (JsonNode candidate : smaller(input)) {
      if (candidate instanceof ObjectNode object) {
        whole.add(object);
      }
    }
    return whole;
  }

  /** Smaller forms of a value, the smallest first. */
  private static List<JsonNode> smaller(JsonNode json) {
    List<JsonNode> forms = new ArrayList<>();
    switch (json) {
      case ObjectNode object -> shrinkObject(object, forms);
      case ArrayNode array -> shrinkArray(array, forms);
      default -> shrinkScalar(json, forms);
    }
    return forms;
  }

  private static void shrinkScalar(JsonNode json, List<JsonNode> forms) {
    if (json.isString()) {
      String text = json.asString("");
      forms.add(NODES.stringNode(""));
      forms.add(NODES.numberNode(0));
      for (int part = text.length() / 2; part > 0; part /= 2) {
        for (int at = 0; at < text.length(); at += part) {
          String left = text.substring(0, at) + text.substring(Math.min(text.length(), at + part));
          if (isWhole(left)) {
            forms.add(NODES.stringNode(left));
          }
        }
      }
    } else {
      forms.add(NODES.numberNode(0));
      if (json.isNumber()) {
        forms.add(NODES.numberNode(json.asDouble(0) < 0 ? -1 : 1));
      }
    }
  }

  /** Whether no half of a surrogate pair is left. */
  private static boolean isWhole(String text) {
    return text.codePoints().noneMatch(point -> point >= 0xd800 && point < 0xe000);
  }

  private static void shrinkArray(ArrayNode array, List<JsonNode> forms) {
    forms.add(NODES.numberNode(0));
    forms.add(NODES.arrayNode());
    List<JsonNode> items = array.valueStream().toList();
    forms.addAll(items);
    for (int part = Math.max(1, items.size() / 2); part > 0 && !items.isEmpty(); part /= 2) {
      for (int at = 0; at < items.size(); at += part) {
        ArrayNode left = NODES.arrayNode();
        items.subList(0, at).forEach(left::add);
        items.subList(Math.min(items.size(), at + part), items.size()).forEach(left::add);
        forms.add(left);
      }
    }
    for (int i = 0; i < items.size(); i++) {
      for (JsonNode item : smaller(items.get(i))) {
        ArrayNode copy = NODES.arrayNode();
        copy.addAll(items);
        copy.set(i, item);
        forms.add(copy);
      }
    }
  }

  private static void shrinkObject(ObjectNode object, List<JsonNode> forms) {
    forms.add(NODES.numberNode(0));
    forms.add(NODES.objectNode());
    List<String> names = List.copyOf(object.propertyNames());
    names.forEach(name -> forms.add(object.path(name)));
    for (int part = Math.max(1, names.size() / 2); part > 0 && !names.isEmpty(); part /= 2) {
      for (int at = 0; at < names.size(); at += part) {
        ObjectNode left = object.deepCopy();
        left.remove(names.subList(at, Math.min(names.size(), at + part)));
        forms.add(left);
      }
    }
    for (String name : names) {
      for (JsonNode item : smaller(object.path(name))) {
        ObjectNode copy = object.deepCopy();
        copy.set(name, item);
        forms.add(copy);
      }
    }
  }
}
