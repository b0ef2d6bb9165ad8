package io.gonext.host;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The capabilities that exist: those of the guest ABI, and those that the embedding application
 * adds. A capability is never removed.
 *
 * <p>Thread-safe.
 */
public final class CapabilityRegistry {
  /** The most capabilities that a registry can hold. */
  public static final int MAX_CAPABILITIES = Long.SIZE;

  private static final Set<String> WITH_PLUGIN = Set.of("hooks.subscribe", "http.serve");

  /** By id. Guarded by this. */
  private final Map<String, Capability> capabilities = new TreeMap<>();

  /**
   * Capabilities that only the application can provide, and has not registered yet. Guarded by
   * this.
   */
  private final Set<String> unoffered = new TreeSet<>();

  private CapabilityRegistry() {}

  /**
   * A registry of the capabilities of guest ABI v1. Only the embedding application can provide some
   * of them, such as {@code posts.read}. A plugin may request them and an operator may grant them,
   * but they are denied until the application {@linkplain #register registers} a capability of that
   * id.
   */
  public static CapabilityRegistry standard() {
    CapabilityRegistry registry = new CapabilityRegistry();
    for (Capability capability :
        List.of(
            of("audit", "emit", "Write events to the audit log under the plugin's name", false),
            of(
                "cache",
                "invalidate",
                "Invalidate entries of the application's caches by tag",
                false),
            of("cron", "register", "Run background jobs on a schedule", false),
            of("db", "read", "Read the plugin's own tables in the host's database", true),
            of("db", "write", "Change the plugin's own tables in the host's database", true),
            of("events", "emit", "Emit events to other plugins, the application and traces", false),
            of("hooks", "subscribe", "Handle the hooks that its manifest lists", false),
            of("http", "credentials", "See the credentials in requests for its routes", true),
            of("http", "fetch", "Send HTTP requests to the hosts its manifest lists", true),
            of("http", "response_headers", "Set headers that act on the whole site", true),
            of("http", "serve", "Serve the routes that its manifest lists", false),
            of("jobs", "enqueue", "Enqueue background jobs", false),
            of("kv", "read", "Read the plugin's own key-value entries", false),
            of("kv", "write", "Write the plugin's own key-value entries", false),
            of("metrics", "observe", "Record the metrics that its manifest declares", false),
            of("secrets", "keys", "Read the secrets its manifest names", true))) {
      registry.register(capability);
    }
    for (Capability capability :
        List.of(
            of("email", "send", "Send email through the application", true),
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
   * Whether a plugin has a requested capability without an operator's decision. Such a capability
   * only says what the manifest says too, and the plugin is useless without it.
   */
  public static boolean comesWithPlugin(String id) {
    return WITH_PLUGIN.contains(id);
  }

  /** Why a capability is denied although it is granted, in a sentence; empty when it is not. */
  public synchronized Optional<String> notOffered(String id) {
    return unoffered.contains(id)
        ? Optional.of("the application does not offer " + id)
        : Optional.empty();
  }

  private static Capability of(
      String resource, String action, String description, boolean sensitive) {
    return new Capability(resource + "." + action, description, resource, action, sensitive);
  }

  /**
   * Adds a capability, unless one of its id is registered already. A capability of {@link
   * #standard} that only the application can provide is replaced.
   *
   * @return false when one of that id is registered already; then nothing is changed
   * @throws IllegalStateException when {@link #MAX_CAPABILITIES} are registered already
   */
  public synchronized boolean register(Capability capability) {
    if (capabilities.containsKey(capability.id()) && !unoffered.remove(capability.id())) {
      return false;
    }
    if (!capabilities.containsKey(capability.id()) && capabilities.size() == MAX_CAPABILITIES) {
      throw new IllegalStateException(
          "there are "
              + MAX_CAPABILITIES
              + " capabilities already, no room for "
              + capability.id());
    }
    capabilities.put(capability.id(), capability);
    return true;
  }

  /**
   * Makes sure that a function's capability can be used: registers it, or keeps what the registry
   * says of it already.
   */
  synchronized void offer(HostFunctionSpec function) {
    Capability capability = function.newCapability();
    Capability known = capabilities.get(capability.id());
    register(known == null || function.declaresCapability() ? capability : known);
  }

  /** As {@link #offer(HostFunctionSpec)}, for a capability of which only the id is known. */
  synchronized void offer(String id) {
    Capability known = capabilities.get(id);
    int dot = id.lastIndexOf('.');
    register(
        known == null
            ? new Capability(
                id,
                "Use what the application offers under " + id,
                id.substring(0, Math.max(0, dot)),
                id.substring(dot + 1),
                true)
            : known);
  }

  /**
   * A {@linkplain #standard standard} registry with capabilities of an application, for tools that
   * know only their ids.
   *
   * @throws IllegalArgumentException when an id is not a dotted lower-case token
   */
  public static CapabilityRegistry offering(Collection<String> ids) {
    CapabilityRegistry registry = standard();
    ids.forEach(registry::offer);
    return registry;
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

  /** Whether a capability of that id exists and is sensitive. */
  public synchronized boolean isSensitive(String id) {
    Capability capability = capabilities.get(id);
    return capability != null && capability.sensitive();
  }
}
