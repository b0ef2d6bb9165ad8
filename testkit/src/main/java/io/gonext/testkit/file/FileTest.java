package io.gonext.testkit.file;

import io.gonext.host.json.StrictJson;
import io.gonext.testkit.Expected;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A test of a {@link TestFile}.
 *
 * @param name what must hold
 * @param given what is there before; not to be changed
 * @param steps what happens
 * @param then what is expected; not to be changed
 */
public record FileTest(String name, ObjectNode given, List<Step> steps, ObjectNode then) {
  private static final Set<String> KINDS = Set.of("filter", "action", "request", "job", "advance");

  public FileTest {
    steps = List.copyOf(steps);
  }

  /** One step of a test. */
  public sealed interface Step {
    record Filter(String hook, JsonNode value, List<JsonNode> args) implements Step {}

    record Action(String hook, List<JsonNode> args) implements Step {}

    record Request(String method, String path, Map<String, String> headers, String body)
        implements Step {
      public Request {
        headers = new TreeMap<>(headers);
      }
    }

    record Job(String job, ObjectNode args) implements Step {}

    record Advance(Duration time) implements Step {}
  }

  /**
   * @throws IllegalArgumentException with the place in the test, from a slash on
   */
  static FileTest of(ObjectNode test) {
    ObjectNode given = object(test.get("given"));
    if (given.has("clock")) {
      instant(given.get("clock").stringValue());
    }
    expectations(given, "fetch", "body");
    expectations(given, "functions", "request");
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < test.get("when").size(); i++) {
      String place = "/when/" + i;
      try {
        steps.add(step((ObjectNode) test.get("when").get(i)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(place + ": " + e.getMessage());
      }
    }
    ObjectNode then = object(test.get("then"));
    for (Map.Entry<String, JsonNode> part : then.properties()) {
      checked(part.getValue(), "/then/" + part.getKey());
    }
    if (then.has("results") && then.get("results").size() != steps.size()) {
      throw new IllegalArgumentException(
          "/then/results: one for each step is expected, so %d and not %d"
              .formatted(steps.size(), then.get("results").size()));
    }
    return new FileTest(test.get("name").stringValue(), given, steps, then);
  }

  /** The capabilities of the functions that it answers. */
  public Set<String> capabilities() {
    Set<String> ids = new TreeSet<>();
    for (JsonNode function : given.path("functions")) {
      ids.add(function.path("capability").asString(function.get("name").stringValue()));
    }
    return ids;
  }

  private static ObjectNode object(@Nullable JsonNode node) {
    return node instanceof ObjectNode object ? object : JsonNodeFactory.instance.objectNode();
  }

  private static void checked(JsonNode expectation, String place) {
    try {
      var _ = Expected.of(expectation);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(place + e.getMessage());
    }
  }

  private static void expectations(ObjectNode given, String list, String field) {
    int i = 0;
    for (JsonNode entry : given.path(list)) {
      if (entry.has(field)) {
        checked(entry.get(field), "/given/" + list + "/" + i + "/" + field);
      }
      i++;
    }
  }

  private static Instant instant(String text) {
    try {
      return Instant.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "/given/clock: " + text + " is not an instant, such as 2026-01-01T00:00:00Z");
    }
  }

  private static Step step(ObjectNode step) {
    List<String> kinds = KINDS.stream().filter(step::has).sorted().toList();
    if (kinds.size() != 1) {
      throw new IllegalArgumentException(
          "a step has exactly one of action, advance, filter, job and request, and not "
              + (kinds.isEmpty() ? "none" : String.join(" and ", kinds)));
    }
    return switch (kinds.getFirst()) {
      case "filter" -> {
        requireOnly(step, "filter", "value", "args");
        yield new Step.Filter(
            step.get("filter").stringValue(), orNull(step.get("value")), list(step.get("args")));
      }
      case "action" -> {
        requireOnly(step, "action", "args");
        yield new Step.Action(step.get("action").stringValue(), list(step.get("args")));
      }
      case "request" -> {
        requireOnly(step, "request", "headers", "body");
        String[] words = step.get("request").stringValue().split(" ", 2);
        Map<String, String> headers = new TreeMap<>();
        object(step.get("headers"))
            .forEachEntry((name, value) -> headers.put(name, value.stringValue()));
        yield new Step.Request(words[0], words[1], headers, FileTest.text(step.get("body")));
      }
      case "job" -> {
        requireOnly(step, "job", "args");
        if (step.has("args") && !step.get("args").isObject()) {
          throw new IllegalArgumentException("the arguments of a job are an object");
        }
        yield new Step.Job(step.get("job").stringValue(), object(step.get("args")));
      }
      default -> {
        requireOnly(step, "advance");
        yield new Step.Advance(duration(step.get("advance").stringValue()));
      }
    };
  }

  private static void requireOnly(ObjectNode step, String... fields) {
    for (String name : step.propertyNames()) {
      if (!List.of(fields).contains(name)) {
        throw new IllegalArgumentException(
            "a step with "
                + fields[0]
                + " has no "
                + name
                + "; allowed: "
                + String.join(", ", fields));
      }
    }
  }

  private static Duration duration(String text) {
    try {
      Duration time = Duration.parse(text);
      if (!time.isNegative()) {
        return time;
      }
    } catch (DateTimeException e) {
      // The sentence below says what one is.
    }
    throw new IllegalArgumentException(text + " is not a duration, such as PT90S or PT1H");
  }

  private static JsonNode orNull(@Nullable JsonNode node) {
    return node == null ? NullNode.getInstance() : node;
  }

  private static List<JsonNode> list(@Nullable JsonNode node) {
    if (node != null && !(node instanceof ArrayNode)) {
      throw new IllegalArgumentException("the arguments of a hook are an array");
    }
    return node == null ? List.of() : node.valueStream().toList();
  }

  /** A text itself, other JSON as text, nothing as an empty one. */
  static String text(@Nullable JsonNode node) {
    if (node == null) {
      return "";
    }
    return node.isString()
        ? node.stringValue()
        : new String(StrictJson.write(node), StandardCharsets.UTF_8);
  }
}
