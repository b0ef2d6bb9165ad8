package io.gonext.dashboard;

import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A path below the dashboard, who may use it, and what answers it.
 *
 * @param pattern segments; {@code {name}} takes any text
 * @param kind what the path is for
 */
record Route(Kind kind, List<String> pattern, Permission permission, Work work) {
  /** What a path is for. */
  enum Kind {
    /** A page or a download, by GET. */
    PAGE,
    /** A form that was sent, by POST. */
    FORM,
    /** A form with files, by POST. */
    UPLOAD,
    /** Server-sent events, by GET. */
    STREAM,
    /** A file of the dashboard itself, by GET. */
    ASSET
  }

  /** What answers a path. */
  sealed interface Work {
    /** Answers with a page, a redirect or a download. */
    @FunctionalInterface
    non-sealed interface Handler extends Work {
      Answer answer(Visit visit) throws Exception;
    }

    /** Renders the part of a page that is live, again and again. */
    @FunctionalInterface
    non-sealed interface Region extends Work {
      Fragment render(Visit visit) throws Exception;
    }

    /** Sends a file of the dashboard itself. */
    record File(Assets.Asset asset) implements Work {}
  }

  /**
   * A part of a page.
   *
   * @param template as in {@link Answer.Page}
   */
  record Fragment(String template, Object model) {}

  static Route of(Kind kind, String path, Permission permission, Work work) {
    return new Route(kind, segments(path), permission, work);
  }

  String method() {
    return kind == Kind.FORM || kind == Kind.UPLOAD ? "POST" : "GET";
  }

  /** The parameters of a path that this route takes, by name; null when it does not take it. */
  @Nullable Map<String, String> match(List<String> path) {
    if (path.size() != pattern.size()) {
      return null;
    }
    Map<String, String> parameters = new HashMap<>();
    for (int i = 0; i < path.size(); i++) {
      String wanted = pattern.get(i);
      if (isParameter(wanted)) {
        parameters.put(wanted.substring(1, wanted.length() - 1), path.get(i));
      } else if (!wanted.equals(path.get(i))) {
        return null;
      }
    }
    return parameters;
  }

  /** Of two routes that take a path, the one with fewer parameters is meant. */
  long parameters() {
    return pattern.stream().filter(Route::isParameter).count();
  }

  private static boolean isParameter(String segment) {
    return segment.startsWith("{");
  }

  /** The decoded segments of a path; an empty last one does not count. */
  static List<String> segments(String path) {
    List<String> segments = new ArrayList<>();
    for (String segment : path.split("/", -1)) {
      segments.add(decoded(segment));
    }
    if (segments.getFirst().isEmpty()) {
      segments.removeFirst();
    }
    if (!segments.isEmpty() && segments.getLast().isEmpty()) {
      segments.removeLast();
    }
    return segments;
  }

  private static String decoded(String segment) {
    try {
      // In a path, a plus is a plus.
      return URLDecoder.decode(segment.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw new Refusal(Refusal.BAD_REQUEST, "The address is not percent-encoded.");
    }
  }
}
