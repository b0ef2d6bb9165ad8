package io.gonext.host;

import io.gonext.host.capability.CapabilityRegistry;
import io.gonext.host.lifecycle.OperatorLimits;
import io.gonext.host.lifecycle.UpdatePolicy;
import io.gonext.host.route.RouteRate;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.file.Path;

/**
 * How a {@link Host} is set up.
 *
 * @param dataDirectory holds the embedded store; created where it does not exist; one process at a
 *     time
 * @param limits the most a plugin may have
 * @param updates how one version takes the place of another
 * @param meters where the host counts
 * @param capabilities what plugins may ask for; the embedding application may register its own
 *     here, before the host opens or at any time after
 * @param telemetry where the spans of hooks go; {@link OpenTelemetry#noop} for nowhere, which costs
 *     nothing
 * @param routeRate how many requests the routes of each plugin take
 */
public record HostConfig(
    Path dataDirectory,
    OperatorLimits limits,
    UpdatePolicy updates,
    MeterRegistry meters,
    CapabilityRegistry capabilities,
    OpenTelemetry telemetry,
    RouteRate routeRate) {
  /** The default limits and capabilities, counting into a registry of its own, no spans. */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(
        dataDirectory,
        OperatorLimits.defaults(),
        UpdatePolicy.defaults(),
        new SimpleMeterRegistry(),
        CapabilityRegistry.standard(),
        OpenTelemetry.noop(),
        RouteRate.DEFAULT);
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(
        dataDirectory, newLimits, updates, meters, capabilities, telemetry, routeRate);
  }

  public HostConfig withUpdates(UpdatePolicy newUpdates) {
    return new HostConfig(
        dataDirectory, limits, newUpdates, meters, capabilities, telemetry, routeRate);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(
        dataDirectory, limits, updates, newMeters, capabilities, telemetry, routeRate);
  }

  public HostConfig withCapabilities(CapabilityRegistry newCapabilities) {
    return new HostConfig(
        dataDirectory, limits, updates, meters, newCapabilities, telemetry, routeRate);
  }

  public HostConfig withTelemetry(OpenTelemetry newTelemetry) {
    return new HostConfig(
        dataDirectory, limits, updates, meters, capabilities, newTelemetry, routeRate);
  }

  public HostConfig withRouteRate(RouteRate newRate) {
    return new HostConfig(
        dataDirectory, limits, updates, meters, capabilities, telemetry, newRate);
  }
}
