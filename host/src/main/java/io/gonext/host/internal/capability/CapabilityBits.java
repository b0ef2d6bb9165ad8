package io.gonext.host.internal.capability;

import io.gonext.host.CapabilityRegistry;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bit of each capability in the words of {@link Permissions} of one host. A capability that an
 * operator decided on has a bit before it is registered, because an application may register its
 * own while the plugins that have them already serve.
 *
 * <p>Thread-safe.
 */
final class CapabilityBits {
  private static final Logger log = LoggerFactory.getLogger(CapabilityBits.class);

  private final CapabilityRegistry registry;

  /** By id; a bit never changes. Guarded by this. */
  private final Map<String, Long> masks = new HashMap<>();

  CapabilityBits(CapabilityRegistry registry) {
    this.registry = registry;
    // First, so that old decisions on capabilities that no longer exist cannot use up the bits.
    registry.ids().forEach(this::decidedMask);
  }

  /** The bit of a capability that can be used; 0, which nothing allows, for every other id. */
  long mask(String id) {
    return registry.find(id).isPresent() && registry.notOffered(id).isEmpty() ? decidedMask(id) : 0;
  }

  /** The bits of what {@linkplain CapabilityRegistry#comesWithPlugin comes with a plugin}. */
  long maskWithPlugin() {
    return decidedMask(
        registry.ids().stream().filter(CapabilityRegistry::comesWithPlugin).toList());
  }

  /**
   * The bit that a decision on a capability sets, whether the capability is registered yet or not;
   * 0 when no bit is left.
   */
  synchronized long decidedMask(String id) {
    Long known = masks.get(id);
    if (known != null) {
      return known;
    }
    if (masks.size() == Long.SIZE) {
      log.error(
          "the capability {} is denied to all plugins until the host is opened again: this host has"
              + " seen {} other capabilities",
          id,
          Long.SIZE);
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
