package io.gonext.servlet;

import jakarta.servlet.http.HttpServletRequest;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Reads the bodies of requests, up to a limit. */
final class RequestBytes {
  /** Largest body, in bytes: the largest payload of the guest ABI. */
  static final int MAX_BYTES = 1024 * 1024;

  private static final String FORM = "application/x-www-form-urlencoded";

  private RequestBytes() {}

  /**
   * Reads the body.
   *
   * @throws Refusal when it is too large, or encoded
   */
  static byte[] of(HttpServletRequest request) throws IOException {
    String encoding = request.getHeader("Content-Encoding");
    if (encoding != null && !encoding.strip().equalsIgnoreCase("identity")) {
      throw new Refusal(
          Refusal.UNSUPPORTED_TYPE, "the body has a Content-Encoding: send it without");
    }
    if (request.getContentLengthLong() > MAX_BYTES) {
      throw tooLarge();
    }
    // Memory grows with the bytes that arrive, not with the announced length.
    byte[] body = request.getInputStream().readNBytes(MAX_BYTES + 1);
    if (body.length > MAX_BYTES) {
      throw tooLarge();
    }
    return body.length == 0 && isForm(request) ? form(request) : body;
  }

  private static Refusal tooLarge() {
    return new Refusal(Refusal.TOO_LARGE, "the body is larger than " + MAX_BYTES + " bytes");
  }

  private static boolean isForm(HttpServletRequest request) {
    String type = request.getContentType();
    return type != null && type.toLowerCase(Locale.ROOT).startsWith(FORM);
  }

  /**
   * A form that a filter has read already, for a CSRF token say: the container keeps its fields,
   * behind those of the query.
   */
  private static byte[] form(HttpServletRequest request) {
    Map<String, Integer> inQuery = new HashMap<>();
    String query = request.getQueryString();
    if (query != null) {
      for (String pair : query.split("&", -1)) {
        String name = pair.substring(0, pair.indexOf('=') < 0 ? pair.length() : pair.indexOf('='));
        inQuery.merge(URLDecoder.decode(name, StandardCharsets.UTF_8), 1, Integer::sum);
      }
    }
    List<String> pairs = new ArrayList<>();
    request
        .getParameterMap()
        .forEach((name, values) -> {
          for (int i = inQuery.getOrDefault(name, 0); i < values.length; i++) {
            pairs.add(encoded(name) + "=" + encoded(values[i]));
          }
        });
    return String.join("&", pairs).getBytes(StandardCharsets.US_ASCII);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }
}
