package io.gonext.host.internal.route;

import io.gonext.host.PluginRequest;
import io.gonext.host.manifest.Manifest.Route;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The routes of one plugin. A path is split at its slashes before its segments are percent-decoded,
 * so that an encoded slash is part of a parameter and not of the route. A literal segment is
 * preferred to a parameter, from left to right. Immutable.
 */
public final class RouteTable {
  private final List<Pattern> patterns;

  public RouteTable(List<Route> routes) {
    this.patterns = routes.stream().map(Pattern::of).toList();
  }

  /** What a request meets. */
  public sealed interface Match {}

  /**
   * A route that serves it.
   *
   * @param parameters by name
   */
  public record Found(Route route, Map<String, String> parameters) implements Match {}

  /** Its path is served, but not with its method. */
  public record OtherMethods(SortedSet<String> allowed) implements Match {}

  /** Its path is not served at all. */
  public record Nothing() implements Match {}

  /**
   * The route that serves a request. A route for GET serves HEAD, too, unless there is one for
   * HEAD. OPTIONS is among the methods of each path that is served: unless there is a route for it,
   * the methods themselves are the answer.
   *
   * @param path as {@link PluginRequest#path} has it
   */
  public Match match(String method, String path) {
    List<String> segments = segments(path);
    List<Pattern> fitting = patterns.stream().filter(p -> p.matches(segments)).toList();
    Optional<Pattern> found = best(fitting, method);
    if (found.isEmpty() && method.equals("HEAD")) {
      found = best(fitting, "GET");
    }
    if (found.isPresent()) {
      return new Found(found.get().route, found.get().parameters(segments));
    }
    return fitting.isEmpty() ? new Nothing() : new OtherMethods(methods(fitting));
  }

  private static Optional<Pattern> best(List<Pattern> fitting, String method) {
    return fitting.stream()
        .filter(pattern -> pattern.route.method().equals(method))
        .reduce((a, b) -> b.isMoreLiteralThan(a) ? b : a);
  }

  private static SortedSet<String> methods(List<Pattern> fitting) {
    SortedSet<String> methods = new TreeSet<>();
    fitting.forEach(pattern -> methods.add(pattern.route.method()));
    if (methods.contains("GET")) {
      methods.add("HEAD");
    }
    methods.add("OPTIONS");
    return methods;
  }

  private static List<String> segments(String path) {
    // "/" and "" are the same place; every other slash counts.
    return path.isEmpty() || path.equals("/")
        ? List.of()
        : Arrays.stream(path.substring(1).split("/", -1)).map(RouteTable::decode).toList();
  }

  /**
   * A part of a path without its percent-encoding.
   *
   * @throws IllegalArgumentException when that is none, or not of UTF-8
   */
  public static String decode(String encoded) {
    if (encoded.indexOf('%') < 0) {
      return encoded;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length());
    byte[] plain = encoded.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < plain.length; i++) {
      if (plain[i] == '%') {
        if (i + 2 >= plain.length
            || !HexFormat.isHexDigit(plain[i + 1])
            || !HexFormat.isHexDigit(plain[i + 2])) {
          throw new IllegalArgumentException("the path is not percent-encoded");
        }
        bytes.write(
            HexFormat.fromHexDigit(plain[i + 1]) << 4 | HexFormat.fromHexDigit(plain[i + 2]));
        i += 2;
      } else {
        bytes.write(plain[i]);
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException("the path is not UTF-8", e);
    }
  }

  private record Pattern(Route route, List<String> segments) {
    static Pattern of(Route route) {
      return new Pattern(route, RouteTable.segments(route.path()));
    }

    boolean matches(List<String> path) {
      if (path.size() != segments.size()) {
        return false;
      }
      for (int i = 0; i < path.size(); i++) {
        boolean fits =
            isParameter(i) ? !path.get(i).isEmpty() : segments.get(i).equals(path.get(i));
        if (!fits) {
          return false;
        }
      }
      return true;
    }

    Map<String, String> parameters(List<String> path) {
      Map<String, String> parameters = new LinkedHashMap<>();
      for (int i = 0; i < path.size(); i++) {
        if (isParameter(i)) {
          String name = segments.get(i);
          parameters.put(name.substring(1, name.length() - 1), path.get(i));
        }
      }
      return parameters;
    }

    boolean isMoreLiteralThan(Pattern other) {
      for (int i = 0; i < segments.size(); i++) {
        if (isParameter(i) != other.isParameter(i)) {
          return other.isParameter(i);
        }
      }
      return false;
    }

    private boolean isParameter(int i) {
      return segments.get(i).startsWith("{");
    }
  }
}
