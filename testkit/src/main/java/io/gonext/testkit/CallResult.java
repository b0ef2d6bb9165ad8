package io.gonext.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * What one call of a plugin came to, and assertions on it. Each assertion returns this and throws
 * an {@link AssertionError} that says what was expected, what was got, and what the script did not
 * answer.
 *
 * @param what the call, in words
 * @param json the result: the value of a filter; null for an action; {@code
 *     {"status","headers","body"}} of a route, the body as JSON where it is an object or an array;
 *     {@code {"outcome","reason"}} of a job. {@code {"failed","reason"}} when the plugin failed,
 *     where {@code failed} is the outcome
 * @param backtrace the guest's functions at a trap, innermost first
 * @param calls of host functions, in order
 * @param logs the plugin's lines
 * @param fuel that the plugin used
 * @param unanswered what the script did not answer
 */
public record CallResult(
    String what,
    JsonNode json,
    List<String> backtrace,
    List<SeenCall> calls,
    List<SeenLine> logs,
    long fuel,
    List<String> unanswered) {
  public CallResult {
    backtrace = List.copyOf(backtrace);
    calls = List.copyOf(calls);
    logs = List.copyOf(logs);
    unanswered = List.copyOf(unanswered);
  }

  /**
   * A line that a plugin logged.
   *
   * @param level in lower case
   */
  public record SeenLine(String level, String text) {
    /** {@code {"level","text"}}. */
    public ObjectNode json() {
      return JsonNodeFactory.instance.objectNode().put("level", level).put("text", text);
    }

    @Override
    public String toString() {
      return "[" + level + "] " + text;
    }
  }

  /** Whether the plugin failed. */
  public boolean isFailed() {
    return json.has("failed") && json.has("reason") && json.size() == 2;
  }

  /**
   * The result is as expected, and the script answered everything.
   *
   * @param json an {@link Expected}
   */
  public CallResult returned(String json) {
    return compared("result", Expected.of(json), this.json);
  }

  /**
   * A route answered with this status and body.
   *
   * @param body an {@link Expected}; a text in double quotes for a body that is text
   */
  public CallResult answered(int status, String body) {
    ObjectNode wanted = JsonNodeFactory.instance.objectNode().put("status", status);
    wanted.set("body", Expected.of(body).json());
    return compared(
        "answer", Expected.of(JsonNodeFactory.instance.objectNode().set("$partial", wanted)), json);
  }

  /** The plugin failed with this outcome, and a reason in which the pattern is found. */
  public CallResult failed(String outcome, String reason) {
    ObjectNode wanted = JsonNodeFactory.instance.objectNode().put("failed", outcome);
    wanted.set("reason", JsonNodeFactory.instance.objectNode().put("$regex", reason));
    return compared("result", Expected.of(wanted), json);
  }

  /**
   * The plugin made exactly these calls of host functions, but for its log lines.
   *
   * @param calls an {@link Expected} each, such as {@code ["gn_kv_get", "name"]}
   */
  public CallResult called(String... calls) {
    ArrayNode wanted = JsonNodeFactory.instance.arrayNode();
    for (String call : calls) {
      wanted.add(Expected.of(call).json());
    }
    ArrayNode got = JsonNodeFactory.instance.arrayNode();
    this.calls.stream().filter(call -> !call.isLog()).forEach(call -> got.add(call.json()));
    return compared("calls of host functions", Expected.of(wanted), got);
  }

  /** A log line has this level, in lower case, and a text in which the pattern is found. */
  public CallResult logged(String level, String text) {
    Pattern pattern = Pattern.compile(text);
    if (logs.stream()
        .noneMatch(line -> line.level.equals(level) && pattern.matcher(line.text).find())) {
      throw failure(List.of("expected a log line [" + level + "] with " + text + ", got " + logs));
    }
    return this;
  }

  /** The plugin used at most so much fuel. */
  public CallResult usedFuelAtMost(long units) {
    if (fuel > units) {
      throw failure(List.of("expected at most " + units + " units of fuel, got " + fuel));
    }
    return this;
  }

  private CallResult compared(String part, Expected expected, JsonNode got) {
    List<String> problems = new ArrayList<>();
    expected.differences(got).forEach(difference -> problems.add(part + " " + difference));
    problems.addAll(unanswered);
    if (!problems.isEmpty()) {
      throw failure(problems);
    }
    return this;
  }

  private AssertionError failure(List<String> problems) {
    List<String> lines = new ArrayList<>(List.of(what + ":"));
    problems.forEach(problem -> lines.add("  " + problem));
    if (isFailed()) {
      lines.add("  the plugin failed: " + Expected.shown(json));
      backtrace.forEach(frame -> lines.add("    at " + frame));
    }
    unanswered.stream()
        .filter(sentence -> !problems.contains(sentence))
        .forEach(sentence -> lines.add("  " + sentence));
    logs.forEach(line -> lines.add("  " + line));
    return new AssertionError(String.join("\n", lines));
  }
}
