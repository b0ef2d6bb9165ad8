package io.gonext.host.internal.service.config;

import io.gonext.host.json.StrictJson;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * One version of a plugin's configuration, as its guests read it. Immutable; each value is written
 * as JSON once.
 */
public final class ConfigSnapshot {
  private final long version;
  private final ObjectNode values;
  private final byte[] whole;
  private final Map<String, byte[]> encoded = new ConcurrentHashMap<>();

  /**
   * @param values with defaults; not changed afterwards
   */
  ConfigSnapshot(long version, ObjectNode values) {
    this.version = version;
    this.values = values;
    this.whole = StrictJson.write(values);
  }

  public long version() {
    return version;
  }

  /**
   * A value as UTF-8 JSON, which the caller must not change; null if there is none.
   *
   * @param key of a property, or empty for the whole object
   */
  public byte @Nullable [] get(String key) {
    if (key.isEmpty()) {
      return whole;
    }
    byte[] known = encoded.get(key);
    if (known != null) {
      return known;
    }
    JsonNode value = values.get(key);
    return value == null ? null : encoded.computeIfAbsent(key, _ -> StrictJson.write(value));
  }
}
