package io.gonext.host;

import io.gonext.host.lifecycle.OperatorLimits;
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
 * @param meters where the host counts
 * @param telemetry where the spans of hooks go; {@link OpenTelemetry#noop} for nowhere, which costs
 *     nothing
 * @param routeRate how many requests the routes of each plugin take
 */
public record HostConfig(
    Path dataDirectory,
    OperatorLimits limits,
    MeterRegistry meters,
    OpenTelemetry telemetry,
    RouteRate routeRate) {
  /** The default limits, counting into a registry of its own, no spans. */
  public static HostConfig of(Path dataDirectory) {
    return new HostConfig(
        dataDirectory,
        OperatorLimits.defaults(),
        new SimpleMeterRegistry(),
        OpenTelemetry.noop(),
        RouteRate.DEFAULT);
  }

  public HostConfig withLimits(OperatorLimits newLimits) {
    return new HostConfig(dataDirectory, newLimits, meters, telemetry, routeRate);
  }

  public HostConfig withMeters(MeterRegistry newMeters) {
    return new HostConfig(dataDirectory, limits, newMeters, telemetry, routeRate);
  }

  public HostConfig withTelemetry(OpenTelemetry newTelemetry) {
    return new HostConfig(dataDirectory, limits, meters, newTelemetry, routeRate);
  }

  public HostConfig withRouteRate(RouteRate newRate) {
    return new HostConfig(dataDirectory, limits, meters, telemetry, newRate);
  }
}
