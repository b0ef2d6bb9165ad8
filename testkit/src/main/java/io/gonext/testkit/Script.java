package io.gonext.testkit;

import io.gonext.host.HostFunctionCall;
import io.gonext.host.HostFunctionSpec;
import io.gonext.host.PluginNetwork;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/**
 * What the world of a plugin answers: HTTP requests and functions of the application. The first
 * entry that matches answers. What no entry matches fails for the plugin, and is noted: a test
 * fails for it.
 *
 * <p>Thread-safe.
 */
public final class Script {
  private final List<FetchAnswers> fetches = new ArrayList<>();
  private final List<FunctionAnswers> functions = new ArrayList<>();
  private final List<String> unanswered = new ArrayList<>();

  Script() {}

  /** GET requests of a URL; {@code *} in it stands for any characters. */
  public static FetchPattern fetch(String url) {
    return fetch("GET", url);
  }

  /** Requests of a URL; {@code *} in it stands for any characters. */
  public static FetchPattern fetch(String method, String url) {
    return new FetchPattern(method, url, Optional.empty());
  }

  /** Calls of a function of the application. */
  public static FunctionPattern function(String name) {
    return new FunctionPattern(name, name, Optional.empty());
  }

  synchronized FetchAnswers given(FetchPattern pattern) {
    FetchAnswers answers = new FetchAnswers(pattern);
    fetches.add(answers);
    return answers;
  }

  synchronized FunctionAnswers given(FunctionPattern pattern) {
    FunctionAnswers answers = new FunctionAnswers(pattern);
    functions.add(answers);
    return answers;
  }

  /** The capability of each function that the script has, by the function's name. */
  synchronized Map<String, String> capabilities() {
    Map<String, String> capabilities = new LinkedHashMap<>();
    functions.forEach(
        answers -> capabilities.put(answers.pattern.name(), answers.pattern.capability()));
    return capabilities;
  }

  /** The functions of the application, for a host. */
  List<HostFunctionSpec> specs() {
    return capabilities().entrySet().stream()
        .map(function ->
            HostFunctionSpec.builder(function.getKey(), call -> answer(function.getKey(), call))
                .capability(function.getValue())
                .build())
        .toList();
  }

  PluginNetwork.Answer send(PluginNetwork.Request request) throws IOException {
    FetchAnswers found = null;
    synchronized (this) {
      for (FetchAnswers answers : fetches) {
        if (found == null && answers.pattern.matches(request)) {
          found = answers;
        }
      }
      if (found == null) {
        unanswered.add(
            "the plugin "
                + request.plugin()
                + " fetched "
                + request.method()
                + " "
                + request.url()
                + ", which no entry of the script answers"
                + fetches.stream()
                    .map(answers -> answers.pattern)
                    .min(Comparator.comparingInt(pattern -> pattern.distance(request)))
                    .map(nearest ->
                        "; the nearest is " + nearest + ": " + nearest.difference(request))
                    .orElse(": it has none for fetch"));
      }
    }
    if (found == null) {
      throw new IOException("no entry of the script");
    }
    return found.next();
  }

  private JsonNode answer(String name, HostFunctionCall call) {
    FunctionAnswers found = null;
    synchronized (this) {
      String nearest = "";
      for (FunctionAnswers answers : functions) {
        if (!answers.pattern.name().equals(name)) {
          continue;
        }
        List<String> differences =
            answers.pattern.request().map(it -> it.differences(call.request())).orElse(List.of());
        if (differences.isEmpty()) {
          found = answers;
          break;
        }
        nearest =
            nearest.isEmpty()
                ? "; the nearest is " + answers.pattern + ": " + String.join("; ", differences)
                : nearest;
      }
      if (found == null) {
        unanswered.add(
            "the plugin %s called %s with %s, which no entry of the script answers%s"
                .formatted(call.plugin(), name, Expected.shown(call.request()), nearest));
      }
    }
    if (found == null) {
      throw new IllegalStateException("no entry of the script answers this call of " + name);
    }
    return found.next();
  }

  /** What no entry matched since there were so many sentences. */
  synchronized List<String> unanswered(int begin) {
    return List.copyOf(unanswered.subList(begin, unanswered.size()));
  }

  /** What no entry has matched, a sentence each. */
  synchronized List<String> unanswered() {
    return List.copyOf(unanswered);
  }
}
