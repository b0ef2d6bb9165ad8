package io.gonext.host.capability;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

  /** By id. Guarded by this. */
  private final Map<String, Capability> capabilities = new TreeMap<>();

  /**
   * Bits by id, of all that were registered and of those that an operator decided on before: an
   * application may register its own when the plugins that have them serve already. Guarded by
   * this.
   */
  private final Map<String, Long> masks = new HashMap<>();

  private CapabilityRegistry() {}

  /** A registry of the capabilities of guest ABI v1. */
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
            of("http", "fetch", "Send HTTP requests to the hosts its manifest lists", true),
            of("kv", "read", "Read the plugin's own key-value entries", false),
            of("kv", "write", "Write the plugin's own key-value entries", false),
            of("metrics", "observe", "Record metrics under the plugin's name", false),
            of("secrets", "keys", "Read the secrets its manifest names", true))) {
      registry.register(capability);
    }
    return registry;
  }

  private static Capability of(
      String resource, String action, String description, boolean sensitive) {
    return new Capability(resource + "." + action, description, resource, action, sensitive);
  }

  /**
   * Adds a capability. The first one of an id stays.
   *
   * @return false when there was one of that id; nothing is changed then
   * @throws IllegalStateException when there are {@link #MAX_CAPABILITIES} already
   */
  public synchronized boolean register(Capability capability) {
    if (capabilities.containsKey(capability.id())) {
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

  /** The capability's bit, for {@link Permissions#allow}; 0, which nothing allows, for none. */
  public synchronized long mask(String id) {
    return capabilities.containsKey(id) ? decidedMask(id) : 0;
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
  synchronized long decidedMask(String id) {
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

  long decidedMask(Collection<String> ids) {
    long mask = 0;
    for (String id : ids) {
      mask |= decidedMask(id);
    }
    return mask;
  }
}
