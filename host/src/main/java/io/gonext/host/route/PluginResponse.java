package io.gonext.host.route;

import java.util.Map;

/** What a plugin answered: a status from 200 to 599, headers a plugin may set, and a body. */
public record PluginResponse(int status, Map<String, String> headers, byte[] body) {
  public PluginResponse {
    headers = Map.copyOf(headers);
  }
}
