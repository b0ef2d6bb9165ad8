package io.gonext.host;

import io.gonext.host.internal.capability.Permissions;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The capabilities there are: those of the guest ABI, and what the embedding application adds. Each
 * has a bit of its own for as long as the registry lives; nothing is ever taken out or replaced.
 *
 * <p>Thread-safe.
 */
public final class CapabilityRegistry {
  /** One bit each in a plugin's word of permissions. */
  public static final int MAX_CAPABILITIES = Long.SIZE;

  private static final Set<String> WITH_PLUGIN = Set.of("hooks.subscribe", "http.serve");

  /** Of what is not offered: no matter of the application. */
  private static final Set<String> OF_HOST = Set.of("jobs.enqueue");

  /** By id. Guarded by this. */
  private final Map<String, Capability> capabilities = new TreeMap<>();

  /**
   * Bits by id, of all that were registered and of those that an operator decided on before: an
   * application may register its own when the plugins that have them serve already. Guarded by
   * this.
   */
  private final Map<String, Long> masks = new HashMap<>();

  /** Of those that stand for something only the application can give: it has not yet. Guarded. */
  private final Set<String> unoffered = new TreeSet<>();

  private CapabilityRegistry() {}

  /**
   * A registry of the capabilities of guest ABI v1. Some of them stand for something that only the
   * embedding application can give, such as {@code posts.read}: they may be asked for and decided
   * on, and are denied until the application {@linkplain #register registers} its own of that id.
   */
  public static CapabilityRegistry standard() {
    CapabilityRegistry registry = new CapabilityRegistry();
    for (Capability capability :
        List.of(
            of("audit", "emit", "Write events to the audit log under the plugin's name", false),
            of("cache", "invalidate", "Invalidate entries of the host's cache by tag", false),
            of("cron", "register", "Run background jobs on a schedule", false),
            of("db", "read", "Read from the application's database", true),
            of("db", "write", "Change the application's database", true),
            of("events", "emit", "Emit events to the application and to traces", false),
            of("hooks", "subscribe", "Handle the hooks that its manifest lists", false),
            of("http", "credentials", "See the credentials in requests for its routes", true),
            of("http", "fetch", "Send HTTP requests to the hosts its manifest lists", true),
            of("http", "response_headers", "Set headers that act on the whole site", true),
            of("http", "serve", "Serve the routes that its manifest lists", false),
            of("kv", "read", "Read the plugin's own key-value entries", false),
            of("kv", "write", "Write the plugin's own key-value entries", false),
            of("metrics", "observe", "Record metrics under the plugin's name", false),
            of("secrets", "keys", "Read the secrets its manifest names", true))) {
      registry.register(capability);
    }
    for (Capability capability :
        List.of(
            of("email", "send", "Send email through the application", true),
            of("jobs", "enqueue", "Enqueue background jobs", false),
            of("media", "read", "Read the application's media", true),
            of("posts", "read", "Read the application's posts", true),
            of("posts", "write", "Change the application's posts", true),
            of("users", "read", "Read the application's users", true))) {
      registry.register(capability);
      registry.unoffered.add(capability.id());
    }
    return registry;
  }

  /**
   * Whether a plugin that asks for a capability has it without an operator's decision: it says no
   * more than the manifest does, and the plugin does nothing by it but what it is installed for.
   */
  public static boolean comesWithPlugin(String id) {
    return WITH_PLUGIN.contains(id);
  }

  /** Why a capability is denied whatever is granted, in a sentence; empty where it is not. */
  public synchronized Optional<String> notOffered(String id) {
    return unoffered.contains(id)
        ? Optional.of((OF_HOST.contains(id) ? "this host" : "the application") + " offers no " + id)
        : Optional.empty();
  }

  private static Capability of(
      String resource, String action, String description, boolean sensitive) {
    return new Capability(resource + "." + action, description, resource, action, sensitive);
  }

  /**
   * Adds a capability. The first one of an id stays, but that one of {@link #standard} which the
   * application is to give is replaced by the application's.
   *
   * @return false when there was one of that id already; nothing is changed then
   * @throws IllegalStateException when there are {@link #MAX_CAPABILITIES} already
   */
  public synchronized boolean register(Capability capability) {
    if (capabilities.containsKey(capability.id()) && !unoffered.remove(capability.id())) {
      return false;
    }
    if (decidedMask(capability.id()) == 0) {
      throw new IllegalStateException(
          "there are "
              + MAX_CAPABILITIES
              + " capabilities already, no room for "
              + capability.id());
    }
    capabilities.put(capability.id(), capability);
    return true;
  }

  /** The capability of that id. */
  public synchronized Optional<Capability> find(String id) {
    return Optional.ofNullable(capabilities.get(id));
  }

  /** All capabilities, by id. */
  public synchronized List<Capability> all() {
    return List.copyOf(capabilities.values());
  }

  /** The ids of all capabilities. */
  public synchronized SortedSet<String> ids() {
    return new TreeSet<>(capabilities.keySet());
  }

  /**
   * The capability's bit, for {@link Permissions#allow}; 0, which nothing allows, for none and for
   * one that is {@linkplain #notOffered not offered}.
   */
  public synchronized long mask(String id) {
    return capabilities.containsKey(id) && !unoffered.contains(id) ? decidedMask(id) : 0;
  }

  /** The bits of what {@linkplain #comesWithPlugin comes with a plugin}. */
  public long maskWithPlugin() {
    return decidedMask(WITH_PLUGIN);
  }

  /** Whether there is such a capability and it is a sensitive one. */
  public synchronized boolean isSensitive(String id) {
    Capability capability = capabilities.get(id);
    return capability != null && capability.sensitive();
  }

  /**
   * The bit that a decision on a capability sets, whether it is registered yet or not: {@link
   * #mask} tells of it once it is. 0 when no bit is left.
   */
  public synchronized long decidedMask(String id) {
    Long known = masks.get(id);
    if (known != null) {
      return known;
    }
    if (masks.size() == MAX_CAPABILITIES) {
      return 0;
    }
    long mask = 1L << masks.size();
    masks.put(id, mask);
    return mask;
  }

  public long decidedMask(Collection<String> ids) {
    long mask = 0;
    for (String id : ids) {
      mask |= decidedMask(id);
    }
    return mask;
  }
}
