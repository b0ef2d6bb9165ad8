package io.gonext.host.route;

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

  /**
   * The parameters of the route that serves this request, by name.
   *
   * @param path as {@link PluginRequest#path} has it
   */
  public Optional<Map<String, String>> match(String method, String path) {
    List<String> segments = segments(path);
    return patterns.stream()
        .filter(pattern -> pattern.method.equals(method) && pattern.matches(segments))
        .reduce((a, b) -> b.isMoreLiteralThan(a) ? b : a)
        .map(pattern -> pattern.parameters(segments));
  }

  /** The methods that are served at this path; empty when it is not served at all. */
  public SortedSet<String> methods(String path) {
    List<String> segments = segments(path);
    SortedSet<String> methods = new TreeSet<>();
    for (Pattern pattern : patterns) {
      if (pattern.matches(segments)) {
        methods.add(pattern.method);
      }
    }
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
  static String decode(String encoded) {
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

  private record Pattern(String method, List<String> segments) {
    static Pattern of(Route route) {
      return new Pattern(route.method(), RouteTable.segments(route.path()));
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
