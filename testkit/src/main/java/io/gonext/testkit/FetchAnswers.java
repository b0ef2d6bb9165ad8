package io.gonext.testkit;

import io.gonext.host.PluginNetwork;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How an entry of a {@link Script} answers HTTP requests: one answer after the other, the last one
 * for all that follow. Without any, with the status 200 and no body.
 *
 * <p>Thread-safe.
 */
public final class FetchAnswers {
  /** One answer, or the failure to give one. */
  @FunctionalInterface
  private interface Step {
    PluginNetwork.Answer take() throws IOException;
  }

  final FetchPattern pattern;
  private final List<Step> steps = new ArrayList<>();
  private final Map<Integer, Step> onCall = new TreeMap<>();
  private int calls;

  FetchAnswers(FetchPattern pattern) {
    this.pattern = pattern;
  }

  /** Answers with this status and body. */
  public FetchAnswers answers(int status, String body) {
    return answers(status, Map.of(), body);
  }

  /** Answers with this status, these headers and this body. */
  public FetchAnswers answers(int status, Map<String, String> headers, String body) {
    return add(answer(status, headers, body));
  }

  /** Takes too long to answer. */
  public FetchAnswers timesOut() {
    return add(() -> {
      throw new SocketTimeoutException("scripted");
    });
  }

  /** Accepts no connection. */
  public FetchAnswers isDown() {
    return add(() -> {
      throw new ConnectException("scripted");
    });
  }

  /**
   * Answers the n-th request that this entry matches with this status and no body.
   *
   * @param number from 1
   */
  public synchronized FetchAnswers failsOnCall(int number, int status) {
    onCall.put(number, answer(status, Map.of(), ""));
    return this;
  }

  private static Step answer(int status, Map<String, String> headers, String body) {
    PluginNetwork.Answer answer =
        new PluginNetwork.Answer(status, headers, body.getBytes(StandardCharsets.UTF_8));
    return () -> answer;
  }

  private synchronized FetchAnswers add(Step step) {
    steps.add(step);
    return this;
  }

  PluginNetwork.Answer next() throws IOException {
    Step step;
    synchronized (this) {
      calls++;
      step = onCall.get(calls);
      if (step == null) {
        step =
            steps.isEmpty()
                ? answer(200, Map.of(), "")
                : steps.get(Math.min(calls, steps.size()) - 1);
      }
    }
    return step.take();
  }
}
