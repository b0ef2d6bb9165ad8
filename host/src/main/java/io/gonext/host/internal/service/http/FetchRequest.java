package io.gonext.host.internal.service.http;

import io.gonext.engine.PlainText;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.FetchUrl;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * One HTTP request of a plugin. The values of headers and the URL may {@linkplain SecretTemplate
 * name secrets} until they are {@linkplain #filled filled in}.
 *
 * @param url with names in the places of secrets
 * @param urlTemplate the text of the URL if it names secrets, otherwise null
 * @param body empty for none
 * @param timeout for the whole answer, with all redirects
 */
record FetchRequest(
    String method,
    FetchUrl url,
    @Nullable String urlTemplate,
    List<Header> headers,
    byte[] body,
    Duration timeout) {
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

    private boolean isCredential() {
      return CREDENTIALS.contains(lowerCase()) || SecretTemplate.is(value);
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
      if (!FIELDS.contains(field)) {
        throw new IllegalArgumentException("unknown field of a request: " + shown(field));
      }
    }
    String method = json.has("method") ? text(json, "method") : "GET";
    require(
        METHODS.contains(method),
        "the method must be one of GET, HEAD, POST, PUT, PATCH," + " DELETE and OPTIONS");
    require(json.has("url"), "the request has no url");
    String url = text(json, "url");
    boolean isTemplate = SecretTemplate.is(url);
    if (isTemplate) {
      SecretTemplate.checkUrl(url);
    }
    return new FetchRequest(
        method,
        FetchUrl.parse(isTemplate ? SecretTemplate.fill(url, name -> name) : url),
        isTemplate ? url : null,
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
    for (Map.Entry<String, JsonNode> entry : json.properties()) {
      Header header = new Header(entry.getKey(), entry.getValue().asString(""));
      String name = header.lowerCase();
      if (!TOKEN.matcher(name).matches()) {
        throw new IllegalArgumentException("not a header's name: " + shown(header.name));
      }
      if (OF_THE_HOST.contains(name) || name.startsWith("proxy-")) {
        throw new IllegalArgumentException(
            "the header " + shown(header.name) + " is set by the host: leave it out");
      }
      if (!seen.add(name)) {
        throw new IllegalArgumentException("the header " + shown(header.name) + " is set twice");
      }
      if (!entry.getValue().isString() || !isHeaderValue(header.value)) {
        throw new IllegalArgumentException(
            "the value of the header "
                + shown(header.name)
                + " must be a text of Latin-1 characters in one line");
      }
      SecretTemplate.check(header.value);
      headers.add(header);
    }
    requireShort(headers);
    return headers;
  }

  private static void requireShort(List<Header> headers) {
    require(
        headers.stream().mapToInt(header -> header.name.length() + header.value.length()).sum()
            <= MAX_HEADER_CHARS,
        "the headers of a request have at most " + MAX_HEADER_CHARS + " characters together");
  }

  /** Whether a header can have a value. */
  static boolean isHeaderValue(String text) {
    return VALUE.matcher(text).matches();
  }

  /** The secrets that the URL and the headers name. */
  Set<String> secrets() {
    if (urlTemplate == null && headers.isEmpty()) {
      return Set.of();
    }
    Set<String> names = new LinkedHashSet<>();
    if (urlTemplate != null) {
      names.addAll(SecretTemplate.names(urlTemplate));
    }
    headers.forEach(header -> names.addAll(SecretTemplate.names(header.value)));
    return names;
  }

  /**
   * The request with the values of the secrets that it names.
   *
   * @param inHeader the value of a secret for a header
   * @param inUrl the value of a secret, percent-encoded
   * @throws IllegalArgumentException if it is too long then
   */
  FetchRequest filled(UnaryOperator<String> inHeader, UnaryOperator<String> inUrl) {
    FetchUrl full =
        urlTemplate == null ? url : FetchUrl.parse(SecretTemplate.fill(urlTemplate, inUrl));
    if (!full.hasOriginOf(url)) {
      throw new IllegalStateException("a secret changed the origin of a URL");
    }
    List<Header> values =
        headers.stream()
            .map(header -> new Header(header.name, SecretTemplate.fill(header.value, inHeader)))
            .toList();
    requireShort(values);
    return new FetchRequest(method, full, null, values, body, timeout);
  }

  /** The request with headers of the host, which take the place of the guest's. */
  FetchRequest carrying(Map<String, String> ofTheHost) {
    if (ofTheHost.isEmpty()) {
      return this;
    }
    List<Header> all = new ArrayList<>(headers);
    all.removeIf(header -> ofTheHost.containsKey(header.lowerCase()));
    ofTheHost.forEach((name, value) -> all.add(new Header(name, value)));
    return new FetchRequest(method, url, urlTemplate, List.copyOf(all), body, timeout);
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
   * fetch). A header that names a secret does not pass to another origin, as other credentials do
   * not.
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
            .filter(header -> !(elsewhere && header.isCredential()))
            .filter(header -> !(get && header.lowerCase().startsWith("content-")))
            .toList();
    return new FetchRequest(
        get ? "GET" : method, target, null, kept, get ? new byte[0] : body, timeout);
  }
}
