package io.gonext.host.internal.route;

import io.gonext.host.PluginRequest;
import io.gonext.host.PluginResponse;
import io.gonext.host.json.StrictJson;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** HTTP requests and responses as the values of the filter {@code http.serve.<plugin>}. */
public final class RouteCodec {
  private RouteCodec() {}

  /** The filter's value for a request. A HEAD request that a route for GET serves is a GET. */
  public static JsonNode encode(PluginRequest request, RouteTable.Found found, RouteHeaders rules) {
    ObjectNode value = JsonNodeFactory.instance.objectNode();
    value.put("method", found.route().method());
    value.put("route", found.route().path());
    value.put("path", request.path());
    value.put("query", request.query());
    rules.putRequest(request.headers(), value.putObject("headers"));
    ObjectNode parameters = value.putObject("path_params");
    found.parameters().forEach(parameters::put);
    value.put("body", Base64.getEncoder().encodeToString(request.body()));
    return value;
  }

  /**
   * The response in a filter's result; headers a plugin may not set are left out.
   *
   * @throws BadResponseException when it is not an HTTP response
   */
  public static PluginResponse decode(JsonNode value, RouteHeaders rules)
      throws BadResponseException {
    OptionalLong status = StrictJson.integer(value.path("status"));
    if (status.isEmpty() || status.getAsLong() < 200 || status.getAsLong() > 599) {
      throw new BadResponseException("status is not a whole number from 200 to 599");
    }
    return new PluginResponse(
        (int) status.getAsLong(),
        rules.response(value.get("headers")),
        decodeBody(value.get("body")));
  }

  private static byte[] decodeBody(@Nullable JsonNode body) throws BadResponseException {
    if (body == null || body.isNull()) {
      return new byte[0];
    }
    String text = body.stringValue(null);
    if (text == null) {
      throw new BadResponseException("body is not a string");
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
