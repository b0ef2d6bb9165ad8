package io.gonext.server;

import io.javalin.http.HttpStatus;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The headers of a request as one text a name. */
final class RequestHeaders {
  /**
   * Those of RFC 9110, RFC 6265 and RFC 6454 that hold one value: two of them would mean something
   * else to each reader.
   */
  private static final Set<String> SINGLE =
      Set.of(
          "authorization",
          "content-language",
          "content-location",
          "content-type",
          "date",
          "from",
          "host",
          "if-modified-since",
          "if-range",
          "if-unmodified-since",
          "max-forwards",
          "origin",
          "referer",
          "user-agent");

  private RequestHeaders() {}

  /**
   * The headers by name, whatever its case. Those that came several times are joined: by {@code ;}
   * for cookies, as RFC 9113 section 8.2.3 does, otherwise by a comma, as RFC 9110 section 5.3
   * does. What {@code Connection} names is for this server alone, and is left out.
   *
   * @throws Problem when one that holds one value came several times
   */
  static Map<String, String> of(HttpServletRequest request) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : Collections.list(request.getHeaderNames())) {
      List<String> values = Collections.list(request.getHeaders(name));
      String lower = name.toLowerCase(Locale.ROOT);
      if (values.size() > 1 && SINGLE.contains(lower)) {
        throw new Problem(
            HttpStatus.BAD_REQUEST, "the header " + name + " stands there more than once");
      }
      headers.put(name, String.join(lower.equals("cookie") ? "; " : ", ", values));
    }
    for (String named : headers.getOrDefault("Connection", "").split(",", -1)) {
      headers.remove(named.strip());
    }
    return headers;
  }
}
