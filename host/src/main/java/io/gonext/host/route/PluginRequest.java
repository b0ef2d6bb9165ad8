package io.gonext.host.route;

import java.util.Map;

/**
 * A request for a plugin's route.
 *
 * @param method upper case
 * @param path below the plugin's own prefix, as the client sent it: percent-encoded, begins with
 *     {@code /}
 * @param query the raw query string without {@code ?}, or empty
 * @param headers by name in any case; only those of {@link RouteCodec#REQUEST_HEADERS} reach the
 *     plugin
 */
public record PluginRequest(
    String method, String path, String query, Map<String, String> headers, byte[] body) {
  /**
   * Copies the headers.
   *
   * @throws IllegalArgumentException when the method is empty, or the path does not begin with a
   *     slash or is not percent-encoded UTF-8
   */
  public PluginRequest {
    if (method.isEmpty()) {
      throw new IllegalArgumentException("the method is empty");
    }
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("the path does not begin with a slash");
    }
    var _ = RouteTable.decode(path);
    headers = Map.copyOf(headers);
  }
}
