package io.gonext.servlet;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The headers of a request: one text for each name. */
public final class RequestHeaders {
  /**
   * Headers of RFC 9110, RFC 6265 and RFC 6454 that have exactly one value. Readers would not agree
   * on which of two values counts.
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
   * The headers by name; names are not case-sensitive. Repeated headers are joined: cookies by
   * {@code ;} (RFC 9113 section 8.2.3), others by a comma (RFC 9110 section 5.3). Headers that
   * {@code Connection} names are for this server only, and are left out.
   *
   * @throws IllegalArgumentException with a sentence for the client when a header that has exactly
   *     one value is repeated
   */
  public static Map<String, String> of(HttpServletRequest request) {
    Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String name : Collections.list(request.getHeaderNames())) {
      List<String> values = Collections.list(request.getHeaders(name));
      String lower = name.toLowerCase(Locale.ROOT);
      if (values.size() > 1 && SINGLE.contains(lower)) {
        throw new IllegalArgumentException("the header " + name + " may be sent only once");
      }
      headers.put(name, String.join(lower.equals("cookie") ? "; " : ", ", values));
    }
    for (String named : headers.getOrDefault("Connection", "").split(",", -1)) {
      headers.remove(named.strip());
    }
    return headers;
  }
}
