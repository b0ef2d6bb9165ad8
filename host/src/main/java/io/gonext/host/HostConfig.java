package io.gonext.host;

import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.lifecycle.OperatorLimits;
import io.gonext.host.lifecycle.UpdatePolicy;
import io.gonext.host.store.Database;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the host's key, compiled modules and the embedded store; created where
 *     it does not exist; one process at a time
 * @param database holds the store; hosts that share one serve the same plugins
 * @param limits the most a plugin may have
 * @param updates how one version takes the place of another
 * @param meters where the host counts
 * @param capabilities what plugins may ask for; the embedding application may register its own
 *     here, before the host opens or at any time after
 */
public record HostConfig(
    Path dataDirectory,
    Database database,
    OperatorLimits limits,
    UpdatePolicy updates,
    MeterRegistry meters,
    CapabilityRegistry capabilities) {
  /**
   * The embedded store, the default limits and capabilities, counting into a registry of its own.
   */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(
        dataDirectory,
        Database.embedded(),
        OperatorLimits.defaults(),
        UpdatePolicy.defaults(),
        new SimpleMeterRegistry(),
        CapabilityRegistry.standard());
  }

  public HostConfig withDatabase(Database newDatabase) {
    return new HostConfig(dataDirectory, newDatabase, limits, updates, meters, capabilities);
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(dataDirectory, database, newLimits, updates, meters, capabilities);
  }

  public HostConfig withUpdates(UpdatePolicy newUpdates) {
    return new HostConfig(dataDirectory, database, limits, newUpdates, meters, capabilities);
  }

  public HostConfig withCapabilities(CapabilityRegistry newCapabilities) {
    return new HostConfig(dataDirectory, database, limits, updates, meters, newCapabilities);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(dataDirectory, database, limits, updates, newMeters, capabilities);
  }
}
