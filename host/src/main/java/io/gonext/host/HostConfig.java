package io.gonext.host;

import io.gonext.host.lifecycle.OperatorLimits;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the embedded store; created where it does not exist; one process at a
 *     time
 * @param limits the most a plugin may have
 * @param meters where the host counts
 */
public record HostConfig(Path dataDirectory, OperatorLimits limits, MeterRegistry meters) {
  /** The default limits, counting into a registry of its own. */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(dataDirectory, OperatorLimits.defaults(), new SimpleMeterRegistry());
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(dataDirectory, newLimits, meters);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(dataDirectory, limits, newMeters);
  }
}
