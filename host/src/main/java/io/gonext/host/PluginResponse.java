package io.gonext.host;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a plugin answered: a status from 200 to 599, headers a plugin may set, in its order and each
 * name once whatever its case, and a body.
 */
public record PluginResponse(int status, Map<String, String> headers, byte[] body) {
  public PluginResponse {
    headers = Collections.unmodifiableMap(new LinkedHashMap<>(headers));
  }
}
