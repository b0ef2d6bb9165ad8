package io.gonext.host;

import io.gonext.host.internal.route.RouteTable;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * A request for a plugin's route.
 *
 * @param method upper case
 * @param path below the plugin's own prefix, as the client sent it: percent-encoded, begins with
 *     {@code /}
 * @param query the raw query string without {@code ?}, or empty
 * @param headers by name in any case, those that came several times joined as RFC 9110 section 5.3
 *     says; the plugin sees those that its manifest names
 */
public record PluginRequest(
    String method, String path, String query, Map<String, String> headers, byte[] body) {
  /**
   * Copies the headers; of two names that differ in case alone, the last one holds.
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
    Map<String, String> sorted = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    sorted.putAll(headers);
    headers = Collections.unmodifiableMap(sorted);
  }
}
