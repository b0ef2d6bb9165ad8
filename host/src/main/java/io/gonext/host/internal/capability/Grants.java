package io.gonext.host.internal.capability;

import io.gonext.host.CapabilityRegistry;
import io.gonext.host.ConflictException;
import io.gonext.host.PluginGrants;
import io.gonext.host.StoreException;
import io.gonext.host.UnknownPluginException;
import io.gonext.host.internal.store.GrantStore;
import io.gonext.host.manifest.Manifest;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An operator's decisions on what each version of a plugin may do. The store holds the decisions,
 * and a version in service has a word of {@link Permissions} that follows them. A capability
 * without a decision is denied.
 *
 * <p>Thread-safe.
 */
public final class Grants {
  private final GrantStore store;
  private final CapabilityRegistry registry;
  private final CapabilityBits bits;

  /** Of the versions that were asked for, by name@version. Written under this object's lock. */
  private final Map<String, Permissions> live = new ConcurrentHashMap<>();

  public Grants(GrantStore store, CapabilityRegistry registry) {
    this.store = store;
    this.registry = registry;
    this.bits = new CapabilityBits(registry);
  }

  /** The capabilities there are. */
  public CapabilityRegistry registry() {
    return registry;
  }

  /**
   * The permissions of a version, the same object each time: what is granted or revoked from now on
   * shows in it.
   *
   * @throws StoreException when the store cannot be read
   */
  public Permissions permissions(Manifest manifest) {
    // Not under the lock, under which others may wait for the store.
    Permissions known = live.get(manifest.id());
    return known != null ? known : loaded(manifest);
  }

  private synchronized Permissions loaded(Manifest manifest) {
    Permissions known = live.get(manifest.id());
    if (known == null) {
      known = new Permissions(bits, storedWord(manifest.name(), manifest.version().toString()));
      live.put(manifest.id(), known);
    }
    return known;
  }

  /**
   * Reads again what the versions of a plugin may do, since another host may have decided on it.
   *
   * @throws StoreException when the store cannot be read
   */
  public synchronized void refresh(String plugin) {
    String prefix = plugin + "@";
    live.forEach((id, permissions) -> {
      if (id.startsWith(prefix)) {
        permissions.set(storedWord(plugin, id.substring(prefix.length())));
      }
    });
  }

  /** The capabilities that a version requests, and those that it has. */
  public synchronized PluginGrants of(Manifest manifest) {
    SortedSet<String> requested = manifest.requestedCapabilities();
    SortedSet<String> granted = new TreeSet<>(requested);
    Map<String, Boolean> decisions =
        store.decisions(manifest.name(), manifest.version().toString());
    granted.removeIf(
        id -> !CapabilityRegistry.comesWithPlugin(id) && !decisions.getOrDefault(id, false));
    return new PluginGrants(manifest.name(), manifest.version().toString(), requested, granted);
  }

  /**
   * Grants capabilities to a version, durably and at once.
   *
   * @param actor who decided, for the record
   * @throws ConflictException when the version does not ask for one of them; nothing is granted
   *     then
   */
  public synchronized PluginGrants grant(
      Manifest manifest, Collection<String> capabilities, String actor) {
    return decide(manifest, capabilities, true, actor);
  }

  /**
   * Grants the capabilities that a version requests, without those that were decided on: a revoked
   * capability stays revoked.
   */
  public PluginGrants grantUndecided(Manifest manifest, String actor) {
    return grantUndecided(manifest, toDecide(manifest), actor);
  }

  /**
   * Grants some capabilities, without those that were decided on.
   *
   * @throws ConflictException when the version does not ask for one of those
   */
  public synchronized PluginGrants grantUndecided(
      Manifest manifest, Collection<String> capabilities, String actor) {
    SortedSet<String> undecided = new TreeSet<>(capabilities);
    undecided.removeAll(store.decisions(manifest.name(), manifest.version().toString()).keySet());
    return decide(manifest, undecided, true, actor);
  }

  /**
   * Takes the decisions on one version over to another that asks for the same; what was decided on
   * that one already stays.
   *
   * @param from the version
   * @param requested what it asks for
   * @return what the other asks for, the first did not, and nobody has decided on
   */
  public synchronized SortedSet<String> carryOver(String from, Set<String> requested, Manifest to) {
    Map<String, Boolean> before = store.decisions(to.name(), from);
    before.keySet().retainAll(requested);
    SortedSet<String> undecided = toDecide(to);
    undecided.removeAll(store.decisions(to.name(), to.version().toString()).keySet());
    for (boolean granted : List.of(true, false)) {
      SortedSet<String> same = new TreeSet<>(undecided);
      same.removeIf(id -> !Objects.equals(before.get(id), granted));
      decide(to, same, granted, "update");
    }
    undecided.removeAll(requested);
    return undecided;
  }

  /**
   * Takes capabilities from a version, durably; its next call of any of them is denied.
   *
   * @throws ConflictException when the version does not ask for one of them, or has it without a
   *     decision; nothing is revoked then
   */
  public synchronized PluginGrants revoke(
      Manifest manifest, Collection<String> capabilities, String actor) {
    for (String id : capabilities) {
      if (CapabilityRegistry.comesWithPlugin(id)) {
        throw new ConflictException(
            id
                + " comes with the plugin and cannot be revoked; to end what it does, deactivate "
                + manifest.name());
      }
    }
    return decide(manifest, capabilities, false, actor);
  }

  /**
   * Deletes the decisions on a version except those on some capabilities, because another bundle
   * now has its version number.
   */
  public synchronized void forgetBut(String plugin, String version, Set<String> kept) {
    SortedSet<String> forgotten = new TreeSet<>(store.decisions(plugin, version).keySet());
    forgotten.removeAll(kept);
    if (!forgotten.isEmpty()) {
      store.forget(plugin, version, forgotten);
      refresh(plugin);
    }
  }

  /** Forgets the permissions of a plugin that the store has deleted. */
  public synchronized void forget(String plugin) {
    live.entrySet()
        .removeIf(version -> {
          boolean gone = version.getKey().startsWith(plugin + "@");
          if (gone) {
            version.getValue().set(0);
          }
          return gone;
        });
  }

  /** The requested capabilities that an operator must decide on. */
  private static SortedSet<String> toDecide(Manifest manifest) {
    SortedSet<String> requested = manifest.requestedCapabilities();
    requested.removeIf(CapabilityRegistry::comesWithPlugin);
    return requested;
  }

  /**
   * Checks that a version requests capabilities.
   *
   * @throws ConflictException when it does not ask for one of the capabilities
   */
  public void requireRequested(Manifest manifest, Collection<String> capabilities) {
    SortedSet<String> requested = manifest.requestedCapabilities();
    for (String id : capabilities) {
      if (!requested.contains(id)) {
        throw new ConflictException(
            manifest.id()
                + " does not ask for "
                + id
                + (requested.isEmpty()
                    ? "; it asks for no capability"
                    : "; it asks for " + String.join(", ", requested)));
      }
    }
  }

  private PluginGrants decide(
      Manifest manifest, Collection<String> capabilities, boolean granted, String actor) {
    requireRequested(manifest, capabilities);
    if (!capabilities.isEmpty()) {
      boolean stored =
          store.decide(
              manifest.name(), manifest.version().toString(), capabilities, granted, actor);
      if (!stored) {
        throw new UnknownPluginException(manifest.name());
      }
      Permissions known = live.get(manifest.id());
      if (known != null) {
        long mask = bits.decidedMask(capabilities);
        known.set(granted ? known.granted() | mask : known.granted() & ~mask);
      }
    }
    return of(manifest);
  }

  private long storedWord(String plugin, String version) {
    // No guarded function is bound to a bit that the manifest does not ask for.
    long word = bits.maskWithPlugin();
    for (Map.Entry<String, Boolean> decision : store.decisions(plugin, version).entrySet()) {
      if (decision.getValue()) {
        word |= bits.decidedMask(decision.getKey());
      }
    }
    return word;
  }
}
