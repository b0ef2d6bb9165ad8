package io.gonext.host;

import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.lifecycle.OperatorLimits;
import io.gonext.host.store.KeyValueQuota;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.util.Set;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the embedded store; created where it does not exist; one process at a
 *     time
 * @param limits the most a plugin may have
 * @param meters where the host counts
 * @param capabilities what plugins may ask for; the embedding application may register its own
 *     here, before the host opens or at any time after
 * @param keyValues the most that the key-value entries of one plugin may take
 * @param hooks names the embedding application calls, so that a plugin that misspells one can be
 *     told; others may be called, too
 */
public record HostConfig(
    Path dataDirectory,
    OperatorLimits limits,
    MeterRegistry meters,
    CapabilityRegistry capabilities,
    KeyValueQuota keyValues,
    Set<String> hooks) {
  /** Copies the set. */
  public HostConfig {
    hooks = Set.copyOf(hooks);
  }

  /** The default limits and capabilities, counting into a registry of its own. */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(
        dataDirectory,
        OperatorLimits.defaults(),
        new SimpleMeterRegistry(),
        CapabilityRegistry.standard(),
        KeyValueQuota.defaults(),
        Set.of());
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(dataDirectory, newLimits, meters, capabilities, keyValues, hooks);
  }

  public HostConfig withCapabilities(CapabilityRegistry newCapabilities) {
    return new HostConfig(dataDirectory, limits, meters, newCapabilities, keyValues, hooks);
  }

  public HostConfig withKeyValues(KeyValueQuota newKeyValues) {
    return new HostConfig(dataDirectory, limits, meters, capabilities, newKeyValues, hooks);
  }

  public HostConfig withHooks(Set<String> newHooks) {
    return new HostConfig(dataDirectory, limits, meters, capabilities, keyValues, newHooks);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(dataDirectory, limits, newMeters, capabilities, keyValues, hooks);
  }
}
