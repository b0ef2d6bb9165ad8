package io.gonext.host;

import io.gonext.host.internal.lifecycle.Lifecycle;
import io.gonext.host.internal.service.config.Configurations;
import io.gonext.host.manifest.Manifest;
import java.util.Map;
import java.util.OptionalLong;
import java.util.function.BiFunction;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configurations of plugins: the values that an operator sets and that a plugin reads by {@code
 * gn_config_get}. A change is valid as a whole, durable, one row of the audit log, and live for all
 * calls that begin after it, without a restart; on other hosts of the database within 2 s.
 *
 * <p>Thread-safe.
 */
public final class Configs {
  private final Lifecycle lifecycle;
  private final Configurations configurations;
  private final ChangeRecord record;

  Configs(Lifecycle lifecycle, Configurations configurations, ChangeRecord record) {
    this.lifecycle = lifecycle;
    this.configurations = configurations;
    this.record = record;
  }

  /**
   * The configuration of a plugin.
   *
   * @throws UnknownPluginException when no plugin of that name is installed
   * @throws ConflictException when its manifest has no {@code config.schema}
   */
  public PluginConfig get(String plugin) {
    return configurations.show(lifecycle.manifest(plugin));
  }

  /**
   * Replaces all values. Write-only properties of the object itself that are left out keep their
   * values; null removes a value.
   *
   * @param version of the configuration that these values replace; empty for whatever is there
   * @throws InvalidConfigException when the values do not match the schema; nothing is changed then
   * @throws ConflictException when the configuration has another version by now
   */
  public PluginConfig replace(String plugin, OptionalLong version, ObjectNode values) {
    return change(
        plugin,
        version,
        (manifest, old) -> {
          ObjectNode next = values.deepCopy();
          manifest
              .config()
              .ifPresent(schema ->
                  old.properties().stream()
                      .filter(field -> schema.isWriteOnly(field.getKey()))
                      .forEach(field -> next.putIfAbsent(field.getKey(), field.getValue())));
          return withoutNulls(next);
        });
  }

  /**
   * Changes some values: a JSON Merge Patch (RFC 7396).
   *
   * @param patch objects are merged, null removes a value, anything else replaces one
   * @throws InvalidConfigException when the result does not match the schema; nothing is changed
   *     then
   * @throws ConflictException when the configuration has another version by now
   */
  public PluginConfig merge(String plugin, OptionalLong version, ObjectNode patch) {
    return change(plugin, version, (_, old) -> merged(old, patch));
  }

  /** Sets all values for a version that an author has built and that may not serve yet. */
  void develop(Manifest manifest, ObjectNode values) {
    if (!configurations.hasValues(manifest.name(), values)) {
      var _ = configurations.change(manifest, OptionalLong.empty(), _ -> values.deepCopy());
    }
  }

  private PluginConfig change(
      String plugin, OptionalLong version, BiFunction<Manifest, ObjectNode, ObjectNode> change) {
    Configurations.Change changed =
        record.watch(
            "config",
            plugin,
            () -> {
              Manifest manifest = lifecycle.manifest(plugin);
              return configurations.change(manifest, version, old -> change.apply(manifest, old));
            });
    ObjectNode detail = ChangeRecord.detail().put("config_version", changed.after().version());
    detail.set("old", changed.before().values());
    detail.set("new", changed.after().values());
    record.done("config", plugin, detail);
    return changed.after();
  }

  private static ObjectNode merged(ObjectNode target, ObjectNode patch) {
    for (Map.Entry<String, JsonNode> field : patch.properties()) {
      JsonNode value = field.getValue();
      if (value.isNull()) {
        target.remove(field.getKey());
      } else if (value instanceof ObjectNode nested) {
        ObjectNode into =
            target.get(field.getKey()) instanceof ObjectNode known ? known : ChangeRecord.detail();
        target.set(field.getKey(), merged(into, nested));
      } else {
        target.set(field.getKey(), value);
      }
    }
    return target;
  }

  private static ObjectNode withoutNulls(ObjectNode values) {
    values.properties().stream()
        .filter(field -> field.getValue().isNull())
        .map(Map.Entry::getKey)
        .toList()
        .forEach(values::remove);
    return values;
  }
}
