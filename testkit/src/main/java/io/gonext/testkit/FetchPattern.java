package io.gonext.testkit;

import io.gonext.host.PluginNetwork;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Which HTTP requests an entry of a {@link Script} answers. Immutable.
 *
 * @param method in upper case
 * @param url the whole URL; {@code *} stands for any characters
 * @param body what the body must be, as JSON or as a text; empty for any
 */
public record FetchPattern(String method, String url, Optional<Expected> body) {
  /**
   * Requests with a body as expected.
   *
   * @param json a JSON text in double quotes for a body that is text, or an expectation of JSON
   */
  public FetchPattern body(String json) {
    return body(Expected.of(json));
  }

  /** Requests with a body as expected. */
  public FetchPattern body(Expected expected) {
    return new FetchPattern(method, url, Optional.of(expected));
  }

  private boolean hasUrlOf(PluginNetwork.Request request) {
    String[] parts = url.split("\\*", -1);
    StringBuilder pattern = new StringBuilder();
    for (int i = 0; i < parts.length; i++) {
      pattern.append(i == 0 ? "" : ".*").append(Pattern.quote(parts[i]));
    }
    return Pattern.matches(pattern.toString(), request.url().toString());
  }

  private boolean hasBodyOf(PluginNetwork.Request request) {
    return body.isEmpty() || body.get().matches(Bodies.read(body.get().json(), request.body()));
  }

  boolean matches(PluginNetwork.Request request) {
    return method.equals(request.method()) && hasUrlOf(request) && hasBodyOf(request);
  }

  /** How far a request is from this: 0 for a match. */
  int distance(PluginNetwork.Request request) {
    String other = request.url().toString();
    int longest = Math.max(url.length(), other.length());
    return (method.equals(request.method()) ? 0 : 2)
        + (hasBodyOf(request) ? 0 : 2)
        + (hasUrlOf(request) ? 0 : 1 + 10 * (longest - common(other)) / longest);
  }

  private int common(String other) {
    int i = 0;
    while (i < Math.min(url.length(), other.length()) && url.charAt(i) == other.charAt(i)) {
      i++;
    }
    return i;
  }

  /** What does not match, in words. */
  String difference(PluginNetwork.Request request) {
    StringBuilder words = new StringBuilder();
    if (!method.equals(request.method())) {
      words.append("the method differs");
    }
    if (!hasUrlOf(request)) {
      words
          .append(words.isEmpty() ? "" : ", ")
          .append("the URL differs from character ")
          .append(common(request.url().toString()) + 1);
    }
    if (!hasBodyOf(request)) {
      Expected wanted = body.orElseThrow();
      words
          .append(words.isEmpty() ? "" : ", ")
          .append("the body differs: ")
          .append(
              String.join("; ", wanted.differences(Bodies.read(wanted.json(), request.body()))));
    }
    return words.toString();
  }

  @Override
  public String toString() {
    return method + " " + url + body.map(expected -> " with the body " + expected).orElse("");
  }
}
