package io.gonext.host.internal.service.http;

import io.gonext.engine.PlainText;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.FetchUrl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One HTTP request of a plugin.
 *
 * @param body empty for none
 * @param timeout for the whole answer, with all redirects
 */
record FetchRequest(
    String method, FetchUrl url, List<Header> headers, byte[] body, Duration timeout) {
  static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(10);
  static final Duration MAX_TIMEOUT = Duration.ofSeconds(30);

  private static final int MAX_HEADERS = 64;

  /** Of names and values together; what servers usually take. */
  private static final int MAX_HEADER_CHARS = 8 * 1024;

  private static final int MAX_SHOWN_CHARS = 64;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");

  private static final Set<String> FIELDS =
      Set.of("method", "url", "headers", "body", "timeout_ms");

  /** The host sets these, or leaves them out; in lower case. */
  private static final Set<String> OF_THE_HOST =
      Set.of(
          "host",
          "connection",
          "content-length",
          "transfer-encoding",
          "accept-encoding",
          "upgrade",
          "te",
          "trailer",
          "keep-alive",
          "expect",
          "http2-settings");

  private static final Set<String> CREDENTIALS =
      Set.of("authorization", "cookie", "proxy-authorization");

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  /** Latin-1 without control characters, except the tab. */
  private static final Pattern VALUE = Pattern.compile("[\\t -~\\u00a0-\\u00ff]*");

  /** One header, in the guest's spelling. */
  record Header(String name, String value) {
    private String lowerCase() {
      return name.toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Reads what a guest sent.
   *
   * @throws IllegalArgumentException if it is not a request; the message says why
   */
  static FetchRequest of(JsonNode json) {
    require(json.isObject(), "the request must be a JSON object");
    for (String field : json.propertyNames()) {
      require(FIELDS.contains(field), "unknown field of a request: " + shown(field));
    }
    String method = json.has("method") ? text(json, "method") : "GET";
    require(
        METHODS.contains(method),
        "the method must be one of GET, HEAD, POST, PUT, PATCH," + " DELETE and OPTIONS");
    require(json.has("url"), "the request has no url");
    return new FetchRequest(
        method,
        FetchUrl.parse(text(json, "url")),
        headers(json.get("headers")),
        body(json),
        timeout(json.get("timeout_ms")));
  }

  private static List<Header> headers(@Nullable JsonNode json) {
    if (json == null) {
      return List.of();
    }
    require(json.isObject(), "headers must be an object of texts");
    require(json.size() <= MAX_HEADERS, "a request has at most " + MAX_HEADERS + " headers");
    List<Header> headers = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    int chars = 0;
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      Header header = new Header(entry.getKey(), entry.getValue().asString(""));
      String name = header.lowerCase();
      require(TOKEN.matcher(name).matches(), "not a header's name: " + shown(header.name));
      require(
          !OF_THE_HOST.contains(name) && !name.startsWith("proxy-"),
          "the header " + shown(header.name) + " is set by the host: leave it out");
      require(seen.add(name), "the header " + shown(header.name) + " is set twice");
      require(
          entry.getValue().isString() && VALUE.matcher(header.value).matches(),
          "the value of the header "
              + shown(header.name)
              + " must be a text of Latin-1 characters in one line");
      chars += header.name.length() + header.value.length();
      headers.add(header);
    }
    require(
        chars <= MAX_HEADER_CHARS,
        "the headers of a request have at most " + MAX_HEADER_CHARS + " characters together");
    return headers;
  }

  private static byte[] body(JsonNode json) {
    if (!json.has("body")) {
      return new byte[0];
    }
    try {
      return Base64.getDecoder().decode(text(json, "body"));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the body must be a text in base64");
    }
  }

  private static Duration timeout(@Nullable JsonNode json) {
    if (json == null) {
      return DEFAULT_TIMEOUT;
    }
    OptionalLong millis = StrictJson.integer(json);
    require(
        millis.isPresent() && millis.getAsLong() > 0,
        "timeout_ms must be an integer greater than 0");
    return Duration.ofMillis(Math.min(millis.getAsLong(), MAX_TIMEOUT.toMillis()));
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json.get(field);
    require(value.isString(), field + " must be a text");
    return value.stringValue();
  }

  private static void require(boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException(otherwise);
    }
  }

  private static String shown(String text) {
    return PlainText.of(text, MAX_SHOWN_CHARS);
  }

  /**
   * The request that follows a redirect, as browsers send it (the Fetch standard, HTTP-redirect
   * fetch).
   *
   * @param status 301, 302, 303, 307 or 308
   */
  FetchRequest redirected(int status, FetchUrl target) {
    boolean get =
        status == 303
            ? !method.equals("GET") && !method.equals("HEAD")
            : (status == 301 || status == 302) && method.equals("POST");
    boolean elsewhere = !target.hasOriginOf(url);
    List<Header> kept =
        headers.stream()
            .filter(header -> !(elsewhere && CREDENTIALS.contains(header.lowerCase())))
            .filter(header -> !(get && header.lowerCase().startsWith("content-")))
            .toList();
    return new FetchRequest(get ? "GET" : method, target, kept, get ? new byte[0] : body, timeout);
  }
}
