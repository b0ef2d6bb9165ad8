package io.gonext.host.route;

import io.gonext.engine.PlainText;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** HTTP requests and responses as the values of the filter {@code http.serve.<plugin>}. */
public final class RouteCodec {
  /** The request headers a plugin sees, under these names whatever the client's spelling. */
  public static final List<String> REQUEST_HEADERS =
      List.of("User-Agent", "Accept", "Accept-Language", "Content-Type", "Authorization");

  /**
   * The response headers a plugin may not set, lower case: those that speak for the host's origin,
   * and the hop-by-hop headers of RFC 9110 section 7.6.1 with the length, which is the host's.
   */
  private static final Set<String> FORBIDDEN_RESPONSE_HEADERS =
      Set.of(
          "set-cookie",
          "authorization",
          "strict-transport-security",
          "content-security-policy",
          "connection",
          "keep-alive",
          "proxy-connection",
          "proxy-authenticate",
          "proxy-authorization",
          "te",
          "trailer",
          "transfer-encoding",
          "upgrade",
          "content-length");

  private static final String FORBIDDEN_RESPONSE_PREFIX = "x-forwarded-";

  /** RFC 9110 section 5.6.2. */
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");

  private RouteCodec() {}

  /** The filter's value for a request. */
  public static JsonNode encode(PluginRequest request, Map<String, String> pathParameters) {
    ObjectNode value = JsonNodeFactory.instance.objectNode();
    value.put("method", request.method());
    value.put("path", request.path());
    value.put("query", request.query());
    ObjectNode headers = value.putObject("headers");
    request
        .headers()
        .forEach((name, content) ->
            REQUEST_HEADERS.stream()
                .filter(name::equalsIgnoreCase)
                .forEach(known -> headers.put(known, content)));
    ObjectNode parameters = value.putObject("path_params");
    pathParameters.forEach(parameters::put);
    value.put("body", Base64.getEncoder().encodeToString(request.body()));
    return value;
  }

  /**
   * The response in a filter's result; headers a plugin may not set are left out.
   *
   * @throws BadResponseException when it is no HTTP response
   */
  public static PluginResponse decode(JsonNode value) throws BadResponseException {
    JsonNode status = value.get("status");
    if (status == null || !status.isInt() || status.intValue() < 200 || status.intValue() > 599) {
      throw new BadResponseException("status is no number from 200 to 599");
    }
    return new PluginResponse(
        status.intValue(), decodeHeaders(value.get("headers")), decodeBody(value.get("body")));
  }

  private static Map<String, String> decodeHeaders(@Nullable JsonNode headers)
      throws BadResponseException {
    Map<String, String> decoded = new LinkedHashMap<>();
    if (headers == null || headers.isNull()) {
      return decoded;
    }
    if (!headers.isObject()) {
      throw new BadResponseException("headers is no object");
    }
    for (Map.Entry<String, JsonNode> header : headers.properties()) {
      String name = header.getKey();
      if (!TOKEN.matcher(name).matches()) {
        throw new BadResponseException("a header's name is no HTTP token");
      }
      String content = header.getValue().stringValue(null);
      if (content == null) {
        throw new BadResponseException("the header " + PlainText.of(name, 100) + " is no string");
      }
      if (content.chars().anyMatch(c -> c == '\r' || c == '\n' || c == 0)) {
        throw new BadResponseException(
            "the header " + PlainText.of(name, 100) + " holds a line break or NUL");
      }
      String lower = name.toLowerCase(Locale.ROOT);
      if (!FORBIDDEN_RESPONSE_HEADERS.contains(lower)
          && !lower.startsWith(FORBIDDEN_RESPONSE_PREFIX)) {
        decoded.put(name, content);
      }
    }
    return decoded;
  }

  private static byte[] decodeBody(@Nullable JsonNode body) throws BadResponseException {
    if (body == null || body.isNull()) {
      return new byte[0];
    }
    String text = body.stringValue(null);
    if (text == null) {
      throw new BadResponseException("body is no string");
    }
    try {
      return Base64.getDecoder().decode(text.getBytes(StandardCharsets.ISO_8859_1));
    } catch (IllegalArgumentException e) {
      throw new BadResponseException("body is not base64");
    }
  }

  /** The plugin's answer is no HTTP response; the message says why. */
  public static final class BadResponseException extends Exception {
    private static final long serialVersionUID = 1L;

    BadResponseException(String message) {
      super(message);
    }

    @Override
    public String getMessage() {
      return Objects.requireNonNull(super.getMessage());
    }
  }
}
