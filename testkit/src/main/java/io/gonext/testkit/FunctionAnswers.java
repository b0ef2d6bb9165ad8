package io.gonext.testkit;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/**
 * How an entry of a {@link Script} answers calls of a function of the application: one answer after
 * the other, the last one for all that follow. Without any, with null.
 *
 * <p>Thread-safe.
 */
public final class FunctionAnswers {
  final FunctionPattern pattern;
  private final List<JsonNode> answers = new ArrayList<>();
  private final Set<Integer> failures = new HashSet<>();
  private boolean failsAlways;
  private int calls;

  FunctionAnswers(FunctionPattern pattern) {
    this.pattern = pattern;
  }

  /**
   * Answers with this JSON.
   *
   * @throws IllegalArgumentException when it is not JSON
   */
  public FunctionAnswers answers(String json) {
    return answers(Expected.parsed(json));
  }

  /** Answers with this JSON. */
  public synchronized FunctionAnswers answers(JsonNode json) {
    answers.add(json);
    return this;
  }

  /** Fails each time: the plugin is told so. */
  public synchronized FunctionAnswers fails() {
    failsAlways = true;
    return this;
  }

  /**
   * Fails at the n-th call that this entry matches.
   *
   * @param number from 1
   */
  public synchronized FunctionAnswers failsOnCall(int number) {
    failures.add(number);
    return this;
  }

  synchronized JsonNode next() {
    calls++;
    if (failsAlways || failures.contains(calls)) {
      throw new IllegalStateException("scripted: call " + calls + " of " + pattern + " fails");
    }
    return answers.isEmpty()
        ? NullNode.getInstance()
        : answers.get(Math.min(calls, answers.size()) - 1);
  }
}
