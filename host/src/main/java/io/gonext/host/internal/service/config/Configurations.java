package io.gonext.host.internal.service.config;

import io.gonext.host.ConflictException;
import io.gonext.host.InvalidConfigException;
import io.gonext.host.PluginConfig;
import io.gonext.host.StoreException;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.ConfigStore;
import io.gonext.host.json.InvalidJsonException;
import io.gonext.host.json.StrictJson;
import io.gonext.host.manifest.ConfigSchema;
import io.gonext.host.manifest.Manifest;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The configurations of all plugins. The store holds what operators set; each version in service
 * has a {@link LiveConfig} that follows it.
 *
 * <p>Thread-safe.
 */
public final class Configurations {
  /** How often a change starts anew because another host changed the values in between. */
  private static final int ATTEMPTS = 10;

  private final ConfigStore store;

  /** Of the versions that were asked for, by name@version. Written under this object's lock. */
  private final Map<String, Live> live = new ConcurrentHashMap<>();

  public Configurations(ConfigStore store) {
    this.store = store;
  }

  private record Live(ConfigSchema schema, LiveConfig config) {}

  /** A change that was made, with what an audit row may show of it. */
  public record Change(PluginConfig before, PluginConfig after) {}

  /**
   * The configuration that the guests of one version read: the same object each time.
   *
   * @throws StoreException when the store cannot be read
   */
  public LiveConfig of(Manifest manifest) {
    if (manifest.config().isEmpty()) {
      return new LiveConfig(new ConfigSnapshot(0, empty()));
    }
    ConfigSchema schema = manifest.config().get();
    // Not under the lock, under which others may wait for the store.
    Live known = live.get(manifest.id());
    return known != null && known.schema.equals(schema) ? known.config : loaded(manifest, schema);
  }

  private synchronized LiveConfig loaded(Manifest manifest, ConfigSchema schema) {
    Live known = live.get(manifest.id());
    if (known == null || !known.schema.equals(schema)) {
      known = new Live(schema, new LiveConfig(snapshot(manifest.name(), schema)));
      live.put(manifest.id(), known);
    }
    return known.config;
  }

  /**
   * Reads the values of a plugin again, since another host may have changed them.
   *
   * @throws StoreException when the store cannot be read
   */
  public synchronized void refresh(String plugin) {
    String prefix = plugin + "@";
    live.forEach((id, version) -> {
      if (id.startsWith(prefix)) {
        version.config.set(snapshot(plugin, version.schema));
      }
    });
  }

  /** Lets go of what a plugin had, once the store has deleted it. */
  public synchronized void forget(String plugin) {
    live.keySet().removeIf(id -> id.startsWith(plugin + "@"));
  }

  /**
   * Why the stored values do not match the schema of a version, a sentence each that says how to
   * mend it.
   *
   * @throws StoreException when the store cannot be read
   */
  public List<String> problems(Manifest manifest) {
    return manifest
        .config()
        .map(schema ->
            schema.problems(
                schema.withDefaults(
                    find(manifest.name()).map(Stored::values).orElseGet(Configurations::empty)),
                property ->
                    "; set it with gonext config %s %s=%s"
                        .formatted(
                            manifest.name(),
                            property,
                            schema.isWriteOnly(property) ? "-" : "VALUE")))
        .orElse(List.of());
  }

  /**
   * The configuration of a version of a plugin.
   *
   * @throws ConflictException when its manifest has no {@code config.schema}
   * @throws StoreException when the store cannot be read
   */
  public PluginConfig show(Manifest manifest) {
    return shown(manifest, read(manifest.name()));
  }

  /**
   * Whether the values of a plugin are these.
   *
   * @throws StoreException when the store cannot be read
   */
  public boolean hasValues(String plugin, ObjectNode values) {
    return find(plugin).map(stored -> stored.values.equals(values)).orElse(false);
  }

  /**
   * Changes the values: all or none, durably, and for the calls that begin from now on.
   *
   * @param version of the configuration that the change is meant for; empty for the newest one
   * @param change gets the values with those of write-only properties, and returns all values
   * @throws ConflictException when the plugin has no configuration, or it has another version
   * @throws InvalidConfigException when the new values do not match the schema
   * @throws StoreException when the store fails
   */
  public Change change(Manifest manifest, OptionalLong version, UnaryOperator<ObjectNode> change) {
    ConfigSchema schema = schemaOf(manifest);
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      Stored before = read(manifest.name());
      if (version.isPresent() && version.getAsLong() != before.version) {
        throw new ConflictException(
            "the configuration of %s has version %d, and the change is for version %d: read it again"
                .formatted(manifest.name(), before.version, version.getAsLong()));
      }
      ObjectNode next = change.apply(before.values.deepCopy());
      List<String> problems = schema.problems(schema.withDefaults(next));
      if (!problems.isEmpty()) {
        throw new InvalidConfigException(manifest.id(), problems);
      }
      OptionalLong stored = store.replace(manifest.name(), before.version, StrictJson.write(next));
      if (stored.isPresent()) {
        refresh(manifest.name());
        return new Change(
            shown(manifest, before), shown(manifest, new Stored(stored.getAsLong(), next)));
      }
    }
    throw new ConflictException(
        "the configuration of " + manifest.name() + " changes all the time: try again");
  }

  private record Stored(long version, ObjectNode values) {}

  private Stored read(String plugin) {
    return find(plugin).orElseThrow(() -> new UnknownPluginException(plugin));
  }

  private Optional<Stored> find(String plugin) {
    return store.read(plugin).map(stored -> parsed(plugin, stored));
  }

  private static Stored parsed(String plugin, ConfigStore.Stored stored) {
    try {
      if (StrictJson.parse(stored.json()) instanceof ObjectNode values) {
        return new Stored(stored.version(), values);
      }
    } catch (InvalidJsonException e) {
      throw new StoreException("the stored configuration of " + plugin + " is not valid JSON", e);
    }
    throw new StoreException("the stored configuration of " + plugin + " is not an object", null);
  }

  private ConfigSnapshot snapshot(String plugin, ConfigSchema schema) {
    // A bundle is tried before it is installed.
    Stored stored = find(plugin).orElseGet(() -> new Stored(0, empty()));
    return new ConfigSnapshot(stored.version, schema.withDefaults(stored.values));
  }

  private static PluginConfig shown(Manifest manifest, Stored stored) {
    ConfigSchema schema = schemaOf(manifest);
    ObjectNode effective = schema.withDefaults(stored.values);
    return new PluginConfig(
        manifest.name(),
        stored.version,
        schema.shown(stored.values),
        schema.hidden(stored.values),
        schema.shown(effective),
        schema.problems(effective),
        schema.warnings(stored.values),
        schema.json());
  }

  private static ConfigSchema schemaOf(Manifest manifest) {
    return manifest
        .config()
        .orElseThrow(() ->
            new ConflictException(
                manifest.id() + " has no configuration: its manifest has no config.schema"));
  }

  private static ObjectNode empty() {
    return JsonNodeFactory.instance.objectNode();
  }
}
